//! Files that are kept elsewhere.

use super::*;
use crate::{
    contract::{FailureKind, Outcome},
    host::simulated::{Pieces, Reply, SentRequest},
    policy::classify::{Reason, Sent},
};

/// A signed URL, as storage services make them.
const SIGNED: &str = "https://files.example/recordings/7.mp3?sig=SIGNATURE";

fn to(location: &str) -> Reply {
    Reply::status(302, "moved").header("location", location)
}

/// A provider that redirects to a storage service, which answers with `elsewhere`.
fn rig(elsewhere: impl Fn(usize, &SentRequest) -> Reply + 'static) -> Rig {
    let rig = Rig::new();
    rig.titan.on_api(move |number, request| {
        Some(if request.authority == "api.servicetitan.io" { to(SIGNED) } else { elsewhere(number, request) })
    });
    rig
}

/// Every request that left the provider's origins, for its credentials.
fn assert_bare(rig: &Rig, expected: usize) {
    let requests = rig.host.requests();
    let abroad: Vec<_> =
        requests.iter().filter(|request| !request.authority.ends_with(".servicetitan.io")).collect();
    assert_eq!(abroad.len(), expected);
    for request in abroad {
        for name in ["authorization", "st-app-key", "cookie"] {
            assert_eq!(request.secret_header(name), None, "{name}");
        }
        let known = ["accept", "accept-encoding", "user-agent"];
        assert!(request.headers.iter().all(|(name, _)| known.contains(name)), "{:?}", request.headers);
        assert_eq!(request.body, None);
    }
}

fn failure(rig: &Rig) -> Failure {
    let failure = rig.run(rig.recording(&options())).unwrap_err();
    let told = format!("{failure:?} {}", rig.host.lines().join(" "));
    assert!(!told.contains("SIGNATURE") && !told.contains("recordings/7.mp3"), "{told}");
    failure
}

#[test]
fn the_credentials_stay_at_home() {
    let rig = rig(|_, request| {
        assert_eq!(
            (request.https, request.path_and_query.as_str()),
            (true, "/recordings/7.mp3?sig=SIGNATURE")
        );
        Reply::streamed(200, Pieces::new(["abc"])).header("content-disposition", "inline; filename=7.mp3")
    });
    let got = rig.whole();
    assert_eq!((got.bytes, got.info.file_name.as_deref()), (b"abc".to_vec(), Some("7.mp3")));
    assert_bare(&rig, 1);
    assert!(!rig.host.lines().join(" ").contains("SIGNATURE"));
}

#[test]
fn every_kind_of_redirect_is_followed_and_within_the_vendor_with_credentials() {
    for status in [301, 302, 303, 307, 308] {
        let rig = Rig::new();
        rig.titan.on_api(move |number, request| {
            assert!(request.secret_header("authorization").is_some(), "{status}");
            assert_eq!(request.method, "GET");
            Some(match number {
                1 => Reply::status(status, "").header("location", "../files/7"),
                _ => {
                    assert_eq!(request.path_and_query, "/telecom/v2/tenant/1234/calls/files/7");
                    Reply::streamed(200, Pieces::new(["abc"]))
                }
            })
        });
        assert_eq!(rig.whole().bytes, b"abc");
    }
}

#[test]
fn who_left_does_not_get_the_credentials_back() {
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        Some(match number {
            1 => to("https://files.example/"),
            2 => to("https://api.servicetitan.io/jpm/v2/tenant/1234/jobs/1"),
            _ => {
                assert_eq!(request.authority, "api.servicetitan.io");
                assert_eq!(request.secret_header("authorization"), None);
                Reply::streamed(200, Pieces::new(["abc"]))
            }
        })
    });
    rig.whole();
    assert_bare(&rig, 1);
    // Not even a port of the provider's host is the provider.
    let rig = Rig::new();
    rig.titan.on_api(|number, request| {
        Some(match number {
            1 => to("https://api.servicetitan.io:8443/"),
            _ => {
                assert_eq!(request.secret_header("authorization"), None);
                Reply::streamed(200, Pieces::new(["abc"]))
            }
        })
    });
    rig.whole();
}

#[test]
fn five_redirects_are_enough() {
    for (redirects, found) in [(5, true), (6, false)] {
        let rig = Rig::new();
        rig.titan.on_api(move |number, _| {
            Some(if number <= redirects { to("/again") } else { Reply::streamed(200, Pieces::new(["abc"])) })
        });
        let got = rig.run(rig.recording(&options()));
        assert_eq!(got.is_ok(), found);
        if let Err(failure) = got {
            assert_eq!((failure.kind, failure.outcome), (FailureKind::Rejected, Outcome::NotApplied));
            assert!(failure.message.contains("redirects"), "{failure:?}");
        }
    }
}

#[test]
fn where_it_leads_must_be_safe() {
    let refused = |location: &'static str, allow: &str| {
        let rig = Rig::new();
        rig.host.set("PENSTOCK_ALLOW_HTTP", allow);
        rig.titan.on_api(move |number, _| {
            Some(if number == 1 { to(location) } else { Reply::streamed(200, Pieces::new(["abc"])) })
        });
        rig.run(rig.recording(&options())).is_err_and(|failure| {
            assert_eq!(failure.kind, FailureKind::Rejected);
            assert_eq!(rig.titan.api_requests(), 1);
            true
        })
    };
    assert!(!refused("https://files.example/", "false"));
    assert!(!refused("http://127.0.0.1:8080/", "true"));
    for (location, allow) in [
        ("http://127.0.0.1:8080/", "false"),
        ("http://files.example/", "true"),
        ("http://169.254.169.254/latest/meta-data", "true"),
        ("http://api.servicetitan.io/", "false"),
        ("ftp://files.example/", "true"),
        ("https://user:secret@files.example/", "true"),
    ] {
        assert!(refused(location, allow), "{location}");
    }
}

#[test]
fn another_server_says_nothing_of_the_vendors_token_and_limit() {
    // S3 repeats the signature in its error.
    let refusal = |status| move |_: usize, _: &SentRequest| Reply::status(status, "<Code>SIGNATURE</Code>");
    for (status, kind) in
        [(401, FailureKind::Permission), (403, FailureKind::Permission), (404, FailureKind::NotFound)]
    {
        let rig = rig(refusal(status));
        let failure = failure(&rig);
        assert_eq!((failure.kind, failure.status), (kind, Some(status)));
        assert!(failure.message.contains("https://files.example"), "{failure:?}");
        assert_eq!((rig.titan.token_requests(), failure.attempts.len()), (1, 1));
        assert_bare(&rig, 1);
    }
    // What may pass is tried again from the beginning, since a signed URL lives shortly.
    for status in [429, 503] {
        let rig = rig(move |number, _| match number {
            2 => Reply::status(status, "slow down").header("retry-after", "2"),
            _ => Reply::streamed(200, Pieces::new(["abc"])),
        });
        rig.whole();
        assert_eq!(rig.titan.api_requests(), 4);
        assert_bare(&rig, 2);
    }
}

#[test]
fn a_host_that_lets_nothing_go_there_is_named() {
    let rig = rig(|_, _| Reply::failed(Reason::Denied, Sent::No));
    let failure = failure(&rig);
    assert_eq!((failure.kind, failure.attempts.len()), (FailureKind::Host, 1));
    assert!(
        failure.message.contains("https://files.example") && failure.message.contains("allow"),
        "{failure:?}"
    );
    let rig = self::rig(|_, _| Reply::refused());
    let failure = self::failure(&rig);
    assert_eq!((failure.kind, failure.attempts.len()), (FailureKind::Transport, 4));
}

#[test]
fn a_redirect_to_nowhere_is_a_refusal() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(302, "")));
    let failure = rig.run(rig.recording(&options())).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Rejected, Some(302)));
}
