//! Which tables there are.

use penstock_sync::plan::{owned, tables};
use std::collections::BTreeSet;

/// Their names are those of databases: no two differ only in case, none is one of the copy's own.
#[test]
fn every_table_and_every_column_has_a_name_of_its_own() {
    let all = tables("servicetitan", &[], &[]).unwrap();
    assert!(all.len() > 80, "{}", all.len());
    for table in &all {
        assert!(table.name.len() <= 63, "PostgreSQL cuts {}", table.name);
        let names: BTreeSet<_> = table.columns.iter().map(|column| column.name.to_lowercase()).collect();
        assert_eq!(names.len(), table.columns.len(), "{}", table.name);
        assert!(
            names.iter().all(|name| !name.starts_with("_penstock") && name.len() <= 63),
            "{}",
            table.name
        );
    }
}

#[test]
fn a_feed_goes_before_a_list() {
    let jobs = tables("servicetitan", &["jpm".to_owned()], &["jpm_jobs".to_owned()]).unwrap();
    let jobs = jobs.first().unwrap();
    assert_eq!(
        (jobs.source.name, jobs.list.map(|list| list.name)),
        ("jpm.export-jobs-list", Some("jpm.jobs-list"))
    );
    assert_eq!((jobs.key_name(), jobs.inactive_is_deleted), ("id", true));
    let types = tables("servicetitan", &[], &["jpm.job-types-list".to_owned()]).unwrap();
    assert_eq!(types.first().unwrap().source.name, "jpm.job-types-list");
}

#[test]
fn sessions_are_read_user_by_user() {
    let owned = owned("asleep");
    let table = owned.first().unwrap();
    assert_eq!((table.name.as_str(), table.key_name(), owned.len()), ("sleep_sessions", "session_id", 1));
    let owner = table.owner.and_then(|owner| table.columns.get(owner)).unwrap();
    assert_eq!((owner.name.as_str(), owner.wire.as_ref()), ("user_id", "user_id"));
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let error = |modules: &[&str], select: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        tables("servicetitan", &owned(modules), &owned(select)).unwrap_err().to_string()
    };
    assert_eq!(error(&["jpn"], &[]), "there is no module \"jpn\": do you mean \"jpm\"?");
    assert_eq!(error(&[], &["jpm_job"]), "there is no table \"jpm_job\": do you mean \"jpm_jobs\"?");
    assert!(tables("nobody", &[], &[]).is_err());
}
