//! Where a read stands while it goes on.

use super::rig::{Rig, options, pages_of};
use crate::{
    client::ListPosition,
    contract::CallOptions,
    entry::{
        dynamic,
        form::NormalForm,
        stream_records::{Sink, stream_records},
        typed::record_type,
    },
    host::simulated::{Reply, Simulated},
};
use serde_json::Value;
use std::time::Duration;

/// The ids so far, and each position with how many there were before it.
#[derive(Default)]
struct Following {
    ids: Vec<i64>,
    positions: Vec<(usize, ListPosition)>,
    /// It leaves with this position.
    leaves: Option<usize>,
}

impl Sink<String> for Following {
    async fn write(&mut self, items: Vec<String>) -> Vec<String> {
        let id = |line: &String| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap();
        self.ids.extend(items.iter().map(id));
        Vec::new()
    }

    fn wants_positions(&self) -> bool {
        true
    }

    async fn stand(&mut self, position: ListPosition) -> bool {
        self.positions.push((self.ids.len(), position));
        self.positions.len() < self.leaves.unwrap_or(usize::MAX)
    }
}

fn follow(rig: &Rig, name: &str, options: &CallOptions) -> Following {
    let mut following = Following::default();
    let end = rig.run(async {
        let operation = dynamic::operation("servicetitan", name)?;
        let reader = dynamic::list(&rig.client, operation, &[], None, Some(options)).await?;
        stream_records(reader, &mut following, NormalForm(record_type(operation))).await
    });
    assert!(end.unwrap().complete);
    following
}

#[test]
fn a_read_goes_on_from_each_position_behind_what_came_before_it() {
    // The provider alone says how large the pages of a feed are.
    for (name, options) in [("jpm.jobs-list", pages_of(3)), ("jpm.export-jobs-list", options())] {
        let rig = Rig::new();
        rig.titan.holds(9);
        let whole = follow(&rig, name, &options);
        assert_eq!(whole.ids, [1, 2, 3, 4, 5, 6, 7, 8, 9], "{name}");
        let places: Vec<_> =
            whole.positions.iter().map(|(count, position)| (*count, position.pages)).collect();
        assert!(places.starts_with(&[(3, 1), (6, 2), (9, 3)]), "{name}: {places:?}");
        for (count, position) in &whole.positions {
            let rest = CallOptions { resume: Some(position.resume.clone()), ..options.clone() };
            assert_eq!(follow(&rig, name, &rest).ids, whole.ids[*count..], "{name} behind {count}");
        }
    }
}

#[test]
fn a_position_has_the_total_where_the_provider_says_it() {
    let rig = Rig::new();
    rig.titan.holds(9);
    let totals = |name| -> Vec<_> {
        let followed = follow(&rig, name, &options());
        followed.positions.iter().map(|(_, position)| position.total).collect()
    };
    assert!(totals("jpm.jobs-list").iter().all(|total| *total == Some(9)));
    assert!(totals("jpm.export-jobs-list").iter().all(Option::is_none));
}

/// The next page may be long in coming: what was printed before it must not come again.
#[test]
fn who_leaves_behind_a_page_is_told_at_once_where_to_go_on() {
    let rig = Rig::new();
    rig.titan.holds(9);
    rig.titan.on_api(|count, _| (count > 1).then(|| Reply::status(503, "{}")));
    let mut following = Following { leaves: Some(1), ..Following::default() };
    let end = rig.run(async {
        let operation = dynamic::operation("servicetitan", "jpm.export-jobs-list")?;
        let reader = dynamic::list(&rig.client, operation, &[], None, Some(&options())).await?;
        stream_records(reader, &mut following, NormalForm(record_type(operation))).await
    });
    let end = end.unwrap();
    assert_eq!((following.ids, end.complete), (vec![1, 2, 3], false));
    assert_eq!(end.resume, following.positions[0].1.resume);
}

/// Takes what comes, and waits a second for each page.
struct Impatient {
    host: Simulated,
    records: Vec<String>,
}

impl Sink<String> for Impatient {
    async fn write(&mut self, items: Vec<String>) -> Vec<String> {
        self.records.extend(items);
        Vec::new()
    }

    async fn left(&self) {
        self.host.wait(Duration::from_secs(1)).await;
    }
}

#[test]
fn who_leaves_while_a_page_is_long_in_coming_is_told_at_once_where_to_go_on() {
    let rig = Rig::new();
    rig.titan.holds(9);
    rig.titan.on_api(|count, _| (count > 1).then(Reply::never));
    let mut impatient = Impatient { host: rig.host.clone(), records: Vec::new() };
    let end = rig.run(async {
        let operation = dynamic::operation("servicetitan", "jpm.export-jobs-list")?;
        let reader = dynamic::list(&rig.client, operation, &[], None, Some(&options())).await?;
        stream_records(reader, &mut impatient, NormalForm(record_type(operation))).await
    });
    let end = end.unwrap();
    assert_eq!((impatient.records.len(), end.complete, end.items), (3, false, 3));
    assert!(rig.host.elapsed() < Duration::from_secs(3), "{:?}", rig.host.elapsed());
    rig.titan.on_api(|_, _| None);
    let rest = CallOptions { resume: Some(end.resume), ..options() };
    assert_eq!(follow(&rig, "jpm.export-jobs-list", &rest).ids, [4, 5, 6, 7, 8, 9]);
}
