//! A vendor that keeps a read waiting, in virtual time.

use crate::agent::{HANDSHAKE, head};
use http::Method;
use penstock::{
    api_key,
    client::Client,
    host::simulated::{Pieces, Reply, Simulated},
};
use penstock_gateway::{
    Answer, Gateway,
    listing::{Bytes, Ended},
    serve,
};
use serde_json::{Value, json};
use std::time::Duration;

const KEY: &str = "pk_of_an_agent_0123456789";

/// What came, and after how many seconds.
struct Listener {
    host: Simulated,
    came: Vec<(u64, String)>,
}

impl Bytes for Listener {
    async fn write(&mut self, bytes: Vec<u8>) -> usize {
        self.came.push((self.host.elapsed().as_secs(), String::from_utf8(bytes).unwrap()));
        0
    }
}

/// Proxies end what is silent for half a minute.
#[test]
fn whoever_waits_for_a_slow_vendor_hears_that_somebody_is_there() {
    let host = Simulated::new(1);
    for name in ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY"] {
        host.set_secret(&format!("SERVICETITAN_{name}"), &format!("canary-{name}"));
    }
    host.set("SERVICETITAN_TENANT_ID", "77");
    host.set_secret("PENSTOCK_API_KEY_HASH", &api_key::hash(KEY));
    host.answer_with(|request| match request.path().ends_with("/connect/token") {
        true => Reply::ok(r#"{"access_token":"canary-token","expires_in":900,"token_type":"Bearer"}"#),
        false => Reply::ok(r#"{"page":1,"pageSize":50,"hasMore":false,"data":[{"id":5}]}"#)
            .after(Duration::from_secs(25)),
    });
    let gateway = Gateway::new(Client::new(host.clone()));
    let fields = [
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
        ("authorization", format!("Bearer {KEY}")),
        ("mcp-protocol-version", HANDSHAKE.to_owned()),
        ("x-deadline-ms", "60000".to_owned()),
    ];
    let arguments = json!({"operation": "jpm.export-jobs-list"});
    let params = json!({"name": "read-list", "arguments": arguments, "_meta": {"progressToken": 1}});
    let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).to_string();
    let mut client = Listener { host: host.clone(), came: Vec::new() };
    host.run(async {
        let body = Box::new(Pieces::new([message]));
        match serve(&gateway, &head(Method::POST, &fields), Some(body)).await {
            Answer::Streamed(_, lines) => assert_eq!(lines.run(&mut client).await, Ended::Complete),
            Answer::Whole(response) => panic!("{}", response.into_body()),
            Answer::File(..) => panic!("a file"),
        }
    });
    let (at, first) = &client.came[0];
    assert_eq!((*at, first.as_str()), (15, ": waiting\n\n"), "{:?}", client.came);
    let (at, last) = client.came.last().unwrap();
    let result: Value = serde_json::from_str(last.trim_start_matches("event: message\ndata: ")).unwrap();
    assert_eq!((*at, &result["result"]["structuredContent"]["count"]), (25, &json!(1)), "{last}");
}
