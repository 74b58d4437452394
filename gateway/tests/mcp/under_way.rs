//! Requests that take their time: how far they are, and who no longer wants them.

use crate::agent::{Agent, asked, gateway, head, jobs, lines, post};
use crate::fake::{FakeHost, Pieces, answer};
use futures_util::{FutureExt, future::LocalBoxFuture};
use penstock_gateway::{
    Answer, Gateway,
    listing::{Bytes, Ended},
    serve,
};
use serde_json::{Value, json};

const NOTE: &str = "crm.customers-create-note";

fn read_list(more: &Value) -> Value {
    let mut arguments = json!({"operation": "jpm.jobs-list", "limit": 200, "parameters": {"pageSize": 50}});
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"name": "read-list", "arguments": arguments, "_meta": {"progressToken": 9}})
}

#[test]
fn a_long_read_tells_how_far_it_is() {
    let gateway = gateway(&[("reader", "")], jobs(1000));
    for agent in [Agent::new(&gateway, "reader"), Agent::new(&gateway, "reader").older()] {
        let seen = agent.send("tools/call", read_list(&json!({})));
        let (mut events, result) = (seen.events(), Value::Null);
        assert_eq!(result, Value::Null);
        let result = events.pop().unwrap();
        assert_eq!(
            (&result["id"], &result["result"]["structuredContent"]["count"]),
            (&json!(7), &json!(200))
        );
        assert_eq!(seen.ended, Some(Ended::Complete));
        let mut before = 0;
        assert!(events.len() >= 4, "{events:?}");
        for event in &events {
            assert_eq!(
                (&event["method"], &event["params"]["progressToken"]),
                (&json!("notifications/progress"), &json!(9))
            );
            let progress = event["params"]["progress"].as_u64().unwrap();
            assert!(progress > before && progress <= 200 && event["params"]["total"] == 200);
            before = progress;
        }
        let count = json!({"name": "count", "arguments": {"operation": "jpm.export-jobs-list", "atMost": 10}, "_meta": {"progressToken": "t"}});
        assert!(!agent.send("tools/call", count).events().is_empty());
    }
    // Whoever reads no streams gets none.
    let (message, mut fields) = Agent::new(&gateway, "reader").message("tools/call", read_list(&json!({})));
    fields.retain(|(name, _)| *name != "accept");
    fields.push(("accept", "application/json".to_owned()));
    assert_eq!(post(&gateway, &fields, &message.to_string()).header("content-type"), "application/json");
    let wrong = json!({"name": "read-list", "arguments": {}, "_meta": {"progressToken": {}}});
    assert_eq!(Agent::new(&gateway, "reader").error("tools/call", wrong).1, -32602);
}

/// A request that is under way.
fn begin<'g>(agent: &Agent<'g>, params: Value) -> LocalBoxFuture<'g, (u16, String)> {
    let (message, fields) = agent.message("tools/call", params);
    let (gateway, head) = (agent.gateway, head(http::Method::POST, &fields));
    let body: &'static str = message.to_string().leak();
    Box::pin(async move {
        match serve(gateway, &head, Some(Box::new(Pieces(vec![body])))).await {
            Answer::Whole(response) => (response.status().as_u16(), response.into_body()),
            Answer::Streamed(response, lines) => {
                let mut client = Client { got: Vec::new(), takes: usize::MAX };
                assert_eq!(lines.run(&mut client).await, Ended::Complete);
                (response.status().as_u16(), String::from_utf8(client.got).unwrap())
            }
            Answer::File(..) => panic!("a file"),
        }
    })
}

/// Takes so many events, and is gone.
struct Client {
    got: Vec<u8>,
    takes: usize,
}

impl Bytes for Client {
    async fn write(&mut self, mut bytes: Vec<u8>) -> usize {
        if self.takes == 0 {
            return bytes.len();
        }
        self.takes -= 1;
        self.got.append(&mut bytes);
        0
    }
}

fn cancel(gateway: &Gateway<FakeHost>, key: &'static str, session: &str, id: Value) {
    let agent = Agent::new(gateway, key).older().with("mcp-session-id", session);
    let (_, fields) = agent.message("x", json!({}));
    let message = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id, "reason": "enough"}});
    let seen = post(gateway, &fields, &message.to_string());
    assert_eq!((seen.status, seen.body.as_str()), (202, ""));
}

#[test]
fn a_read_that_is_cancelled_ends_and_asks_for_nothing_more() {
    let gateway = gateway(&[("reader", ""), ("other", "")], jobs(1000));
    let host = gateway.client().host();
    for (is_streamed, params) in [
        (true, read_list(&json!({}))),
        (false, json!({"name": "read-list", "arguments": {"operation": "jpm.jobs-list"}})),
        (
            false,
            json!({"name": "call-operation", "arguments": {"operation": "jpm.jobs-get", "parameters": {"id": 5}}}),
        ),
        (
            false,
            json!({"name": "fetch-file", "arguments": {"operation": "telecom.calls-download-recording", "parameters": {"id": 5}}}),
        ),
        (false, json!({"name": "count", "arguments": {"operation": "jpm.jobs-list"}})),
    ] {
        let agent = Agent::new(&gateway, "reader").older().with("mcp-session-id", "s");
        host.hold(true);
        let before = (asked(&gateway).len(), lines(&gateway, "audit").len());
        let mut reading = begin(&agent, params.clone());
        assert!((&mut reading).now_or_never().is_none(), "{params}");
        // What is somebody else's does not end it.
        cancel(&gateway, "other", "s", json!(7));
        cancel(&gateway, "reader", "t", json!(7));
        cancel(&gateway, "reader", "s", json!(8));
        assert!((&mut reading).now_or_never().is_none(), "{params}");
        cancel(&gateway, "reader", "s", json!(7));
        let (status, body) = (&mut reading).now_or_never().unwrap();
        drop(reading);
        assert_eq!(status, 200);
        match is_streamed {
            true => assert_eq!(body, ""),
            false => assert!(body.contains("-32800"), "{body}"),
        }
        host.hold(false);
        assert!(asked(&gateway).len() <= before.0 + 1, "{params}");
        let audit = lines(&gateway, "audit");
        assert_eq!(
            (audit.len(), &audit.last().unwrap()["outcome"]),
            (before.1 + 1, &json!("unknown")),
            "{params}"
        );
    }
}

#[test]
fn a_write_that_was_sent_is_not_cancelled() {
    let gateway = gateway(&[("admin", "role=admin")], |_| {
        answer(
            200,
            r#"{"id":6,"text":"x","isPinned":false,"createdById":1,"createdOn":"2026-01-02T03:04:05Z"}"#,
        )
    });
    let agent = Agent::new(&gateway, "admin").older().with("mcp-session-id", "s");
    gateway.client().host().hold(true);
    let arguments =
        json!({"operation": NOTE, "parameters": {"id": 5}, "body": {"text": "x"}, "confirm": NOTE});
    let mut writing = begin(&agent, json!({"name": "call-operation", "arguments": arguments}));
    assert!((&mut writing).now_or_never().is_none());
    cancel(&gateway, "admin", "s", json!(7));
    assert!((&mut writing).now_or_never().is_none());
    gateway.client().host().hold(false);
    let (_, body) = writing.now_or_never().unwrap();
    assert!(body.contains(r#""outcome":"applied""#), "{body}");
    assert_eq!(lines(&gateway, "audit")[0]["outcome"], "applied");
}

#[test]
fn whoever_closes_the_stream_has_cancelled() {
    let gateway = gateway(&[("reader", "")], jobs(100_000));
    let agent = Agent::new(&gateway, "reader");
    let arguments = json!({"operation": "jpm.jobs-list", "limit": 1000, "maxBytes": 262_144, "parameters": {"pageSize": 50}});
    let params = json!({"name": "read-list", "arguments": arguments, "_meta": {"progressToken": 1}});
    let (message, fields) = agent.message("tools/call", params);
    let body = Box::new(Pieces(vec![message.to_string().leak()]));
    let answer = serve(&gateway, &head(http::Method::POST, &fields), Some(body)).now_or_never().unwrap();
    let Answer::Streamed(_, lines_of) = answer else { panic!("no stream") };
    let mut client = Client { got: Vec::new(), takes: 2 };
    assert_eq!(lines_of.run(&mut client).now_or_never(), Some(Ended::Abandoned));
    assert!(asked(&gateway).len() <= 5, "{:?}", asked(&gateway));
    assert_eq!(lines(&gateway, "audit")[0]["outcome"], "unknown");
}
