//! An agent: it has a key, speaks one of the revisions, and looks at each answer for what must be in none.

use crate::fake::{CANARY, FakeHost, Pieces};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use penstock::{api_key, client::Client, host::Response};
use penstock_gateway::{
    Answer, Gateway,
    listing::{Bytes, Ended},
    request::Head,
    serve,
};
use serde_json::{Value, json};

/// The newest revision.
pub const STATELESS: &str = "2026-07-28";
/// The one before.
pub const HANDSHAKE: &str = "2025-11-25";

/// What came back.
pub struct Seen {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    pub ended: Option<Ended>,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The messages of a stream of events.
    pub fn events(&self) -> Vec<Value> {
        assert_eq!(self.header("content-type"), "text/event-stream");
        let events = self.body.split_terminator("\n\n");
        events
            .map(|event| {
                let data = event.strip_prefix("event: message\ndata: ").unwrap();
                serde_json::from_str(data).unwrap()
            })
            .collect()
    }
}

/// The key of this name.
pub fn key(name: &str) -> String {
    let first = name.bytes().next().unwrap();
    api_key::generate(&[first; 32]).expose().to_owned()
}

/// A gateway that has these keys, each a name and its fields, where everything may be done.
pub fn gateway(keys: &[(&str, &str)], provider: impl Fn(&str) -> Response + 'static) -> Gateway<FakeHost> {
    let entry = |(name, fields): &(&str, &str)| format!("{name}={};{fields}", api_key::hash(&key(name)));
    let setting = keys.iter().map(entry).collect::<Vec<_>>().join(",\n");
    let host = FakeHost::configured(provider).with("PENSTOCK_API_KEYS", &setting);
    Gateway::new(Client::new(host.with("PENSTOCK_ROLE", "admin")))
}

/// An agent of the newest revision, whose key has this name.
pub struct Agent<'g> {
    pub gateway: &'g Gateway<FakeHost>,
    pub key: &'static str,
    pub revision: &'static str,
    /// Further header fields.
    pub fields: Vec<(&'static str, String)>,
}

impl<'g> Agent<'g> {
    pub fn new(gateway: &'g Gateway<FakeHost>, key: &'static str) -> Agent<'g> {
        Agent { gateway, key, revision: STATELESS, fields: Vec::new() }
    }

    /// The same of the revision before.
    pub fn older(self) -> Agent<'g> {
        Agent { revision: HANDSHAKE, ..self }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Agent<'g> {
        self.fields.push((name, value.to_owned()));
        self
    }

    /// A request as this revision has it: its parameters, and its header fields.
    pub fn message(&self, method: &str, mut params: Value) -> (Value, Vec<(&'static str, String)>) {
        let mut fields = vec![
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
            ("authorization", format!("Bearer {}", key(self.key))),
            ("mcp-protocol-version", self.revision.to_owned()),
        ];
        if self.revision == STATELESS {
            let meta = params["_meta"].as_object().cloned().unwrap_or_default();
            let mut meta = Value::Object(meta);
            meta["io.modelcontextprotocol/protocolVersion"] = json!(STATELESS);
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
            meta["io.modelcontextprotocol/clientInfo"] = json!({"name": "test", "version": "1"});
            params["_meta"] = meta;
            fields.push(("mcp-method", method.to_owned()));
            let name = params.get("name").or_else(|| params.get("uri")).and_then(Value::as_str);
            fields.extend(name.map(|name| ("mcp-name", name.to_owned())));
        }
        fields.extend(self.fields.iter().cloned());
        (json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}), fields)
    }

    /// Sends a request, and gives the response.
    pub fn send(&self, method: &str, params: Value) -> Seen {
        let (message, fields) = self.message(method, params);
        post(self.gateway, &fields, &message.to_string())
    }

    /// The result of a request.
    pub fn ask(&self, method: &str, params: Value) -> Value {
        let seen = self.send(method, params);
        let mut message = seen.json();
        assert_eq!((seen.status, &message["id"], &message["jsonrpc"]), (200, &json!(7), &json!("2.0")));
        let result = message["result"].take();
        assert!(result.is_object(), "{}", seen.body);
        if self.revision == STATELESS {
            assert_eq!(result["resultType"], "complete");
        }
        result
    }

    /// The error of a request, with the response's status.
    pub fn error(&self, method: &str, params: Value) -> (u16, i64, String) {
        let seen = self.send(method, params);
        let error = &seen.json()["error"];
        let message = error["message"].as_str().unwrap_or_else(|| panic!("{}", seen.body));
        (seen.status, error["code"].as_i64().unwrap(), message.to_owned())
    }

    /// The result of a tool, well or not.
    pub fn tool(&self, name: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": name, "arguments": arguments}))
    }

    /// The structured content of a tool's result that is no failure.
    pub fn good(&self, name: &str, arguments: Value) -> Value {
        let mut result = self.tool(name, arguments);
        assert_eq!(result["isError"], false, "{result}");
        result["structuredContent"].take()
    }

    /// The problem document of a tool's result that is one.
    pub fn failure(&self, name: &str, arguments: Value) -> Value {
        let mut result = self.tool(name, arguments);
        assert_eq!(result["isError"], true, "{result}");
        result["structuredContent"]["failure"].take()
    }
}

/// What a provider was asked for, tokens aside.
pub fn asked(gateway: &Gateway<FakeHost>) -> Vec<String> {
    gateway.client().host().asked.borrow().clone()
}

/// The log lines of this event.
pub fn lines(gateway: &Gateway<FakeHost>, event: &str) -> Vec<Value> {
    let log = gateway.client().host().log.borrow();
    let all = serde_json::Deserializer::from_str(&log).into_iter::<Value>().map(Result::unwrap);
    all.filter(|line| line["event"] == event).collect()
}

pub fn head(method: Method, fields: &[(&'static str, String)]) -> Head {
    let headers = fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    Head { method, target: "/mcp".to_owned(), headers: headers.collect() }
}

/// Sends a body to the endpoint.
pub fn post(gateway: &Gateway<FakeHost>, fields: &[(&'static str, String)], body: &str) -> Seen {
    request(gateway, Method::POST, fields, body)
}

pub fn request(
    gateway: &Gateway<FakeHost>,
    method: Method,
    fields: &[(&'static str, String)],
    body: &str,
) -> Seen {
    let head = head(method, fields);
    let body = Box::new(Pieces(vec![body.to_owned().leak()]));
    let answer = serve(gateway, &head, Some(body)).now_or_never().unwrap();
    let (head, body, ended) = match answer {
        Answer::Whole(response) => {
            let (head, body) = response.into_parts();
            (head, body, None)
        }
        Answer::Streamed(response, lines) => {
            let mut client = Downstream(Vec::new());
            let ended = lines.run(&mut client).now_or_never().unwrap();
            (response.into_parts().0, String::from_utf8(client.0).unwrap(), Some(ended))
        }
        Answer::File(..) => panic!("a file"),
    };
    let seen = Seen { status: head.status.as_u16(), headers: head.headers, body, ended };
    let log = gateway.client().host().log.borrow();
    assert!(!seen.body.contains(CANARY) && !log.contains(CANARY), "{}", seen.body);
    assert!(!seen.body.contains("pk_") && !log.contains("pk_"), "{}", seen.body);
    assert_eq!(seen.header("cache-control"), "no-store");
    seen
}

struct Downstream(Vec<u8>);

impl Bytes for Downstream {
    async fn write(&mut self, mut bytes: Vec<u8>) -> usize {
        self.0.append(&mut bytes);
        0
    }
}

/// A provider that has so many jobs, in pages.
pub fn jobs(all: u64) -> impl Fn(&str) -> Response {
    move |target| {
        let number = |name: &str| {
            let query = target.split_once('?')?.1;
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value?.parse::<u64>().ok()
        };
        let (page, size) = (number("page").unwrap_or(1), number("pageSize").unwrap_or(50));
        let first = (page - 1) * size;
        // The newest first, if that is asked for.
        let id = |index: u64| if target.contains("sort=-") { all - index } else { index + 1 };
        let job = |id: u64| format!(r#"{{"id":{id},"jobNumber":"J{id}","summary":"drains"}}"#);
        let ids: Vec<_> = (first..all.min(first + size)).map(|index| job(id(index))).collect();
        let (more, data) = (first + size < all, ids.join(","));
        crate::fake::answer(
            200,
            &format!(
                r#"{{"page":{page},"pageSize":{size},"hasMore":{more},"totalCount":{all},"data":[{data}]}}"#
            ),
        )
    }
}
