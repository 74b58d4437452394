//! The component for WASI 0.2 in programs of other languages.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use penstock_stock::{
    program::Program,
    provider::{LONG, after_the_write, faulty, long_answers, records, settings, token, writing},
    server::{Reply, Request, Server},
};
use std::{env, net::TcpListener, sync::atomic::Ordering::SeqCst};

#[test]
fn each_record_of_a_list_comes_once_although_each_page_fails_first() {
    for program in Program::ALL {
        let provider = faulty().unwrap();
        let said = program.run(&settings(&provider, &[("REQUEST_TIMEOUT", "1")]), &["jobs"]).unwrap();
        let ids: Vec<_> =
            said["ids"].as_array().unwrap().iter().filter_map(serde_json::Value::as_u64).collect();
        assert!(ids.iter().copied().eq(1..=records() as u64), "{program:?}: {} records", ids.len());
        assert_eq!((&said["complete"], &said["items"]), (&true.into(), &records().into()), "{program:?}");
        println!("{program:?}: {} records in {} s", records(), said["seconds"]);
    }
}

#[test]
fn a_write_that_nobody_answers_is_sent_once_and_its_outcome_is_unknown() {
    for program in Program::ALL {
        for reply in [|| Reply::Silence, || Reply::Close] {
            let (provider, read) = after_the_write(reply).unwrap();
            let said = program.run(&writing(&provider, &[]), &["write"]).unwrap();
            assert_eq!(said["outcome"], "unknown", "{program:?}: {said}");
            assert_eq!(read.load(SeqCst), 1, "{program:?}: {said}");
        }
    }
}

#[test]
fn a_refused_connection_proves_that_nothing_was_sent() {
    for program in Program::ALL {
        let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let elsewhere = format!("http://{unused}");
        let settings = writing(&provider, &[("SERVICETITAN_API_URL", &elsewhere)]);
        let said = program.run(&settings, &["write"]).unwrap();
        assert_eq!(said["outcome"], "not-sent", "{program:?}: {said}");
        assert_eq!(read.load(SeqCst), 0);
    }
}

#[test]
fn a_file_comes_whole_with_and_without_a_length() {
    for program in Program::ALL {
        for with_length in [true, false] {
            let provider = long_answers(with_length).unwrap();
            let said = program.run(&settings(&provider, &[]), &["file", "7"]).unwrap();
            assert_eq!(said["bytes"], LONG, "{program:?}, with a length: {with_length}");
        }
    }
}

/// A provider that keeps connections, as providers do.
fn kept() -> Server {
    let answer = |request: &Request| match request.target.as_str() {
        "/connect/token" => token(),
        _ => Reply::WithLength("application/json", br#"{"id": 1}"#.to_vec()),
    };
    Server::keeping(answer).unwrap()
}

#[test]
fn calls_leave_no_connections_open() {
    for program in Program::ALL {
        let provider = kept();
        let settings = settings(&provider, &[("SERVICETITAN_RATE_LIMIT", "10000")]);
        program.run(&settings, &["calls", "1", "100"]).unwrap();
        let open = provider.most_open();
        assert!(open <= 4, "{program:?}: {open} connections at once");
    }
}

/// `PENSTOCK_CALLS` has two numbers of calls, the second of which takes no more than 5 % more.
#[test]
fn further_calls_take_little_more_memory() {
    let counts = env::var("PENSTOCK_CALLS").unwrap_or_else(|_| "500 1000".to_owned());
    let (few, many) = counts.split_once(' ').unwrap();
    for program in Program::ALL {
        let provider = kept();
        let settings = settings(&provider, &[("SERVICETITAN_RATE_LIMIT", "10000")]);
        let said = program.run(&settings, &["calls", "1", few, many]).unwrap();
        let after = |count: &str| said["memory"][count].as_u64().unwrap();
        println!("{program:?}: {said}");
        assert!(after(many) <= after(few) / 100 * 105, "{program:?}: {said}");
    }
}
