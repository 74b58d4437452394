//! Something between the program and the vendor, where troubles are planted.

use crate::support::server::{Server, json};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use serde_json::json;
use std::time::{Duration, SystemTime};

/// Hands requests on.
#[derive(Default, Clone)]
pub struct Relay {
    /// Where to.
    pub vendor: String,
    /// So much the vendor's clock is late.
    pub late: Duration,
    /// Where in a path the vendor answers with 500.
    pub broken: Option<&'static str>,
    /// Where it answers with 403.
    pub forbidden: Option<&'static str>,
}

impl Relay {
    pub fn to(vendor: &SimulatedServiceTitan) -> Relay {
        Relay { vendor: vendor.url(), ..Relay::default() }
    }

    pub async fn start(self) -> Server {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        Server::start(move |mut request: Request<Bytes>| {
            let (relay, client) = (self.clone(), client.clone());
            async move {
                let path = request.uri().path().to_owned();
                let is_in = |part: Option<&str>| part.is_some_and(|part| path.contains(part));
                let mut answer = match (is_in(relay.broken), is_in(relay.forbidden)) {
                    (true, _) => json(500, &json!({ "title": "out of order" })),
                    (_, true) => json(403, &json!({ "title": "Forbidden" })),
                    _ => {
                        let target = format!("{}{}", relay.vendor, request.uri());
                        *request.uri_mut() = target.parse::<Uri>().unwrap();
                        let (head, body) = client.request(request.map(Full::new)).await.unwrap().into_parts();
                        Response::from_parts(head, Full::new(body.collect().await.unwrap().to_bytes()))
                    }
                };
                let date = httpdate::fmt_http_date(SystemTime::now() - relay.late);
                answer.headers_mut().insert(header::DATE, HeaderValue::try_from(date).unwrap());
                answer
            }
        })
        .await
    }
}
