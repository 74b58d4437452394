//! Answers that the caller brought along.

use super::rig::{Rig, options};
use crate::{
    contract::{AnswerSource, CallOptions, FailureKind, OnMisfit, Outcome},
    host::simulated::Reply,
};

fn with(fallback: &str) -> CallOptions {
    CallOptions { fallback: Some(fallback.to_owned()), ..options() }
}

#[test]
fn it_answers_while_the_vendor_is_down() {
    for down in [Reply::refused, Reply::dropped, || Reply::status(503, ""), || Reply::status(429, "")] {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| Some(down()));
        let answer = rig.run(rig.get_with(&with(r#"{"id":7,"total":1.50}"#))).unwrap();
        let body = answer.body.unwrap();
        assert!(
            body.starts_with(r#"{"id":7,"#) && body.contains(r#""total":"1.50""#),
            "in normal form: {body}"
        );
        let info = answer.info;
        assert_eq!((info.source, info.degraded, info.status), (AnswerSource::Fallback, true, 0));
    }
}

#[test]
fn a_vendor_that_answers_is_not_down() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let answer = rig.run(rig.get_with(&with(r#"{"id":7}"#))).unwrap();
    assert_eq!((answer.info.source, answer.info.degraded), (AnswerSource::Vendor, false));

    rig.titan.on_api(|_, _| Some(Reply::status(404, "{}")));
    let failure = rig.run(rig.get_with(&with(r#"{"id":7}"#))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

#[test]
fn it_is_refused_where_it_would_lie() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::refused()));
    let post = rig.run(rig.post(&with("{}"))).unwrap_err();
    let page = rig.run(rig.invoke("jpm.jobs-page", &[], None, Some(&with("[]")))).unwrap_err();
    let odd = rig.run(rig.get_with(&with("{"))).unwrap_err();
    for failure in [post, page, odd] {
        assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent));
        assert_eq!(failure.fields[0].field, "fallback");
    }
    assert_eq!(rig.titan.api_requests(), 0);
}

#[test]
fn a_fallback_that_does_not_fit_is_refused_while_it_can_be_mended() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let failure = rig.run(rig.get_with(&with(r#"{"id":"x"}"#))).unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent));
    assert_eq!(failure.fields[0].field, "fallback");
    assert!(failure.fields[0].message.contains("$.id: expected an integer"), "{failure:?}");
    assert_eq!(rig.titan.api_requests(), 0);
    // Whoever takes what does not fit takes this too.
    rig.titan.on_api(|_, _| Some(Reply::refused()));
    let raw = CallOptions { on_misfit: Some(OnMisfit::Raw), ..with(r#"{"id":"x"}"#) };
    assert_eq!(rig.run(rig.get_with(&raw)).unwrap().info.misfits, 1);
}
