//! The gateway, served by `wasmtime serve`.

use super::*;
use penstock_stock::wasmtime::Served;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, atomic::AtomicUsize},
    thread,
    time::Duration,
};

const KEY: &str = "pk_test_key_of_the_caller_0123456789";

/// Its SHA-256.
const KEY_HASH: &str = "sha256:3afa4ff78c611d05fbccaa027b2445a5069adb5ce405dd6d8895739da073cfa4";

fn gateway(mut settings: Settings) -> Served {
    settings.insert("PENSTOCK_API_KEY_HASH", KEY_HASH.to_owned());
    settings.insert("PENSTOCK_PAGE_SIZE", PAGE.to_string());
    Served::gateway(&settings).unwrap()
}

/// The status of a response, and its body, which must not break off.
fn ask(gateway: &Served, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(&gateway.address).unwrap();
    // HTTP/1.0: without chunks, the end of the connection is that of the body.
    let (address, length) = (&gateway.address, body.len());
    write!(
        stream,
        "{method} /v1/servicetitan/default{path} HTTP/1.0\r\nhost: {address}\r\nx-api-key: {KEY}\r\n\
         content-disposition: attachment; filename=a.json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let at = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let body = response.split_off(at + 4);
    let head = String::from_utf8(response).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

#[test]
fn a_write_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
    let gateway = gateway(writing(&provider, &[]));
    let (status, body) = ask(&gateway, "POST", "/forms/jobs/7/attachments", WRITTEN);
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &problem["outcome"]), (504, &"unknown".into()), "{problem}");
    assert_eq!(read.load(SeqCst), 1, "{problem}");
}

#[test]
fn a_long_file_comes_whole_with_and_without_a_length() {
    for with_length in [true, false] {
        let provider = long_answers(with_length).unwrap();
        let gateway = gateway(settings(&provider, &[]));
        let (status, body) = ask(&gateway, "GET", "/telecom/calls/7/recording", "");
        assert_eq!((status, body.len()), (200, LONG), "with a length: {with_length}");
    }
}

#[test]
fn a_list_of_several_pages_comes_whole() {
    for with_length in [true, false] {
        let provider = long_answers(with_length).unwrap();
        let gateway = gateway(settings(&provider, &[]));
        let (status, body) = ask(&gateway, "GET", "/jpm/jobs?all=true", "");
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, 200, "with a length: {with_length}: {body}");
        let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ids = lines.iter().filter_map(|line| line["id"].as_u64());
        assert!(ids.eq(1..=records() as u64), "with a length: {with_length}: {} lines", lines.len());
        assert_eq!(lines.last().unwrap()["penstock"]["end"]["items"], records());
    }
}

#[test]
fn each_record_comes_once_although_each_page_fails_first() {
    let provider = faulty().unwrap();
    let gateway = gateway(settings(&provider, &[("REQUEST_TIMEOUT", "1")]));
    let (status, body) = ask(&gateway, "GET", "/jpm/jobs?all=true&sort=%2BId", "");
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status, 200, "{body}");
    let ids = body.lines().filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64());
    assert!(ids.eq(1..=records() as u64), "{} lines", body.lines().count());
}

/// Longer than an instance without requests is kept by itself.
const IDLE: Duration = Duration::from_millis(1300);

#[test]
fn an_instance_is_kept_and_its_token_with_it() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let fetched = tokens.clone();
    let provider = Server::start(move |request| {
        if request.target == "/connect/token" {
            fetched.fetch_add(1, SeqCst);
            return token();
        }
        Reply::WithLength("application/json", br#"{"id": 1}"#.to_vec())
    })
    .unwrap();
    let gateway = gateway(settings(&provider, &[]));
    for _ in 0..3 {
        assert_eq!(ask(&gateway, "GET", "/jpm/jobs/1", "").0, 200);
        thread::sleep(IDLE);
    }
    assert_eq!(tokens.load(SeqCst), 1);
}
