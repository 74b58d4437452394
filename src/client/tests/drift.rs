//! Lists that change while they are read.

use super::rig::{Read, Rig, options, pages_of};
use crate::{contract::CallOptions, host::simulated::Reply};
use futures_util::future::join;
use std::{rc::Rc, time::Duration};

const SECOND: Duration = Duration::from_secs(1);
const JOBS: &str = "jpm.jobs-list";
/// A list that takes no order.
const TYPES: &str = "jpm.job-types-list";

/// Reads ten pages of five, a second each, while something happens after 4.5 seconds.
fn meanwhile(rig: &Rig, name: &str, parameters: &[(&str, &str)], happens: impl FnOnce()) -> Read {
    rig.titan.holds(50);
    let options = CallOptions { window: Some(2), ..pages_of(5) };
    rig.run(async {
        let read = rig.read_into(rig.consumer().pausing(SECOND), name, parameters, &options);
        let change = async {
            rig.host.wait(4 * SECOND + SECOND / 2).await;
            happens();
        };
        join(read, change).await.0
    })
}

fn asked(rig: &Rig, name: &str) -> Vec<Option<String>> {
    let requests = rig.host.requests();
    let api = requests.iter().filter(|request| request.method == "GET");
    api.map(|request| request.parameter(name).map(str::to_owned)).collect()
}

#[test]
fn a_list_is_looked_at_once_and_read_in_the_order_of_its_ids() {
    let rig = Rig::new();
    rig.titan.holds(12);
    let end = rig.run(rig.read_jobs(&pages_of(5))).end.unwrap();
    assert_eq!((end.items, end.pages, end.suppressed, end.drifted), (12, 3, 0, false));
    let order = |text: &str| Some(text.to_owned());
    assert_eq!(asked(&rig, "sort"), [order("-Id"), order("%2BId"), order("%2BId"), order("%2BId")]);
    assert_eq!(asked(&rig, "includeTotal"), [order("true"), None, None, None]);
    assert_eq!(asked(&rig, "pageSize"), vec![order("5"); 4]);
    // A short list is all there, in the same order.
    let rig = Rig::new();
    rig.titan.holds(5);
    let Read { ids, end } = rig.run(rig.read_jobs(&pages_of(5)));
    assert_eq!((ids, end.unwrap().drifted, rig.titan.api_requests()), (vec![1, 2, 3, 4, 5], false, 1));
}

#[test]
fn a_short_list_can_be_left_and_gone_on_with_although_it_came_the_other_way_round() {
    for taken in 0..=4 {
        let rig = Rig::new();
        rig.titan.holds(4);
        let left = rig.run(rig.read_into(rig.consumer().taking(taken), JOBS, &[], &pages_of(5)));
        let resume = Some(left.end.unwrap().resume);
        let rest = rig.run(rig.read_jobs(&CallOptions { resume, ..pages_of(5) }));
        assert_eq!([left.ids, rest.ids].concat(), [1, 2, 3, 4]);
        assert!(!rest.end.unwrap().drifted);
    }
}

#[test]
fn what_is_added_behind_the_end_is_read_and_no_drift() {
    let rig = Rig::new();
    let titan = rig.titan.clone();
    let Read { ids, end } = meanwhile(&rig, JOBS, &[], || titan.grows_by(7));
    assert_eq!(ids, (1..=57).collect::<Vec<_>>());
    assert!(!end.unwrap().drifted);
}

#[test]
fn what_is_removed_is_drift_although_as_much_is_added() {
    for (name, grown) in [(JOBS, 0), (JOBS, 1), (JOBS, 5), (TYPES, 0), (TYPES, 5)] {
        let rig = Rig::new();
        let titan = rig.titan.clone();
        let Read { ids, end } = meanwhile(&rig, name, &[], || {
            titan.loses(3);
            if grown > 0 {
                titan.grows_by(grown);
            }
        });
        assert_eq!(ids.len() as i64, 49 + grown);
        assert!(end.unwrap().drifted, "{name} {grown}");
    }
}

#[test]
fn what_comes_again_is_dropped_and_counted() {
    let rig = Rig::new();
    let titan = rig.titan.clone();
    let Read { ids, end } = meanwhile(&rig, TYPES, &[], || (61..=63).for_each(|id| titan.shows_first(id)));
    let end = end.unwrap();
    assert_eq!(ids, (1..=50).collect::<Vec<_>>());
    assert_eq!((end.items, end.suppressed, end.drifted), (50, 3, false));
}

#[test]
fn whoever_names_an_order_gets_it() {
    let rig = Rig::new();
    rig.titan.holds(12);
    let Read { ids, end } = rig.run(rig.read(JOBS, &[("sort", "-Id")], &pages_of(5)));
    assert_eq!(ids, (1..=12).rev().collect::<Vec<_>>());
    assert!(!end.unwrap().drifted);
    assert_eq!(asked(&rig, "sort"), vec![Some("-Id".to_owned()); 3]);
    // The first page tells how many there are.
    assert_eq!(asked(&rig, "includeTotal"), [Some("true".to_owned()), None, None]);
    // And who looks at single pages gets the provider's own.
    let rig = Rig::new();
    rig.titan.holds(12);
    rig.run(rig.invoke("jpm.jobs-page", &[], None, None)).unwrap();
    assert_eq!((asked(&rig, "sort"), asked(&rig, "includeTotal")), (vec![None], vec![None]));
}

#[test]
fn a_list_that_refuses_the_order_is_read_in_its_own() {
    let rig = Rig::new();
    rig.titan.holds(12);
    rig.titan.on_api(|_, request| {
        let refusal = r#"{"title":"cannot be sorted","status":400}"#;
        request.parameter("sort").map(|_| Reply::status(400, refusal))
    });
    let Read { ids, end } = rig.run(rig.read_jobs(&pages_of(5)));
    assert_eq!(ids, (1..=12).collect::<Vec<_>>());
    let end = end.unwrap();
    assert!(!end.drifted);
    // So is what goes on from there.
    rig.titan.grows_by(2);
    let more = rig.run(rig.read_jobs(&CallOptions { resume: Some(end.resume), ..pages_of(5) }));
    assert_eq!((more.ids, more.end.unwrap().drifted), (vec![13, 14], false));
    assert_eq!(asked(&rig, "sort").iter().flatten().count(), 1);
}

#[test]
fn what_happens_while_nobody_reads_is_told_by_the_read_that_goes_on() {
    for (lost, drifted) in [(None, false), (Some(2), true), (Some(7), true)] {
        for taken in [5, 8, 10] {
            let rig = Rig::new();
            rig.titan.holds(23);
            let left = rig.run(rig.read_into(rig.consumer().taking(taken), JOBS, &[], &pages_of(5)));
            let left = left.end.unwrap();
            assert!(!left.drifted);
            lost.into_iter().for_each(|id| rig.titan.loses(id));
            let rest = rig.run(rig.read_jobs(&CallOptions { resume: Some(left.resume), ..options() }));
            assert_eq!(rest.end.unwrap().drifted, drifted, "{lost:?} after {taken}");
        }
    }
}

#[test]
fn after_the_end_only_what_was_added_is_expected() {
    let rig = Rig::new();
    rig.titan.holds(10);
    let resume = rig.run(rig.read_jobs(&pages_of(5))).end.unwrap().resume;
    rig.titan.grows_by(8);
    let going_on = || CallOptions { resume: Some(resume.clone()), ..options() };
    let more = rig.run(rig.read_jobs(&going_on()));
    assert_eq!((more.ids, more.end.unwrap().drifted), ((11..=18).collect(), false));
    rig.titan.loses(4);
    // 11 has slipped in front of the place.
    let more = rig.run(rig.read_jobs(&going_on()));
    assert_eq!((more.ids, more.end.unwrap().drifted), ((12..=18).collect(), true));
}

#[test]
fn a_walk_by_pages_drops_what_comes_again() {
    let rig = Rig::new();
    rig.titan.holds(12);
    rig.run(async {
        let size: &[(&str, &str)] = &[("pageSize", "5")];
        let first = rig.invoke("jpm.jobs-page", size, None, None).await.unwrap();
        rig.titan.shows_first(99);
        let going_on = CallOptions { resume: Some(first.page.unwrap().resume), ..options() };
        let second = rig.invoke("jpm.jobs-page", size, None, Some(&going_on)).await.unwrap();
        let records: Vec<serde_json::Value> = serde_json::from_str(&second.body.unwrap()).unwrap();
        let ids: Vec<_> = records.iter().map(|record| record["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, [6, 7, 8, 9]);
        // The rest as a whole read: still in the provider's own order.
        let going_on = CallOptions { resume: Some(second.page.unwrap().resume), ..options() };
        assert_eq!(rig.read(JOBS, &[], &going_on).await.ids, [10, 11, 12]);
    });
    assert!(asked(&rig, "sort").iter().all(Option::is_none));
}

#[test]
fn a_look_that_fails_is_a_read_that_fails_at_its_beginning() {
    let rig = Rig::new();
    rig.titan.holds(12);
    rig.titan.on_api(|_, _| Some(Reply::status(500, "")));
    let failure = rig.run(rig.read_jobs(&pages_of(5))).end.unwrap_err();
    assert_eq!(failure.status, Some(500));
    rig.titan.on_api(|_, _| None);
    let rest = rig.run(rig.read_jobs(&CallOptions { resume: failure.resume, ..options() }));
    assert_eq!((rest.ids.len(), rest.end.unwrap().drifted), (12, false));
}

#[test]
fn a_resume_text_is_of_moderate_size() {
    let rig = Rig::new();
    rig.titan.holds(2_000);
    let end = rig.run(rig.read_jobs(&options())).end.unwrap();
    assert!((3_000..8_192).contains(&end.resume.len()), "{}", end.resume.len());
    assert_eq!(Rc::strong_count(&rig.client), 1);
}
