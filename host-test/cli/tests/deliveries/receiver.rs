//! A destination that takes events by HTTP, dedupes them by id, and fails now and then.

use crate::server::Server;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use http_body_util::Empty;
use sha2::Sha256;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::sleep;

/// What its secret is made of.
const KEY: &[u8] = b"a key of more than twenty-four bytes";

/// How many of a hundred events it fails, once each.
const FAILS: usize = 5;

/// Where in all that came an event stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// Its first request.
    pub came: usize,
    /// The one that handled it.
    pub handled: Option<usize>,
}

#[derive(Default)]
pub struct Got {
    /// By the event's number.
    pub events: BTreeMap<usize, Place>,
    handled: BTreeSet<String>,
    /// Those that it has failed.
    failed: BTreeSet<String>,
    requests: usize,
    /// Events that came again after they were handled.
    pub again: usize,
    /// Requests that are not the gateway's, or not what they were signed as.
    pub forged: usize,
    /// The things that it handles an event of just now.
    busy: BTreeMap<i64, usize>,
    /// Requests that came while another one about the same thing was being handled.
    pub at_once: usize,
}

pub struct Receiver {
    server: Server,
    pub got: Arc<Mutex<Got>>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let got = Arc::new(Mutex::new(Got::default()));
        let server = Server::start({
            let got = got.clone();
            move |request| take(got.clone(), request)
        });
        Receiver { server: server.await, got }
    }

    pub fn origin(&self) -> String {
        self.server.origin()
    }

    pub fn secret() -> String {
        format!("whsec_{}", STANDARD.encode(KEY))
    }

    /// How many it failed.
    pub fn failed(&self) -> usize {
        self.got.lock().unwrap().failed.len()
    }
}

/// That a thing is being handled, until it is or the connection breaks.
struct Busy {
    got: Arc<Mutex<Got>>,
    job: i64,
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.got.lock().unwrap().busy.get_mut(&self.job).unwrap() -= 1;
    }
}

async fn take(got: Arc<Mutex<Got>>, request: Request<Bytes>) -> Response<Empty<Bytes>> {
    let Some(id) = proved(&request) else {
        got.lock().unwrap().forged += 1;
        return answer(401);
    };
    let event: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    let number = usize::try_from(event["data"]["number"].as_u64().unwrap()).unwrap();
    let job = event["data"]["job"]["id"].as_i64().unwrap();
    let (place, fails) = {
        let mut got = got.lock().unwrap();
        got.requests += 1;
        let place = got.requests;
        got.events.entry(number).or_insert(Place { came: place, handled: None });
        let busy = got.busy.entry(job).or_default();
        *busy += 1;
        got.at_once += usize::from(*busy > 1);
        let fails = fastrand::usize(..100) < FAILS && got.failed.insert(id.clone());
        (place, fails)
    };
    let busy = Busy { got, job };
    sleep(Duration::from_millis(fastrand::u64(..10))).await;
    // Half of them were handled all the same.
    if fails && fastrand::bool() {
        return answer(500);
    }
    let mut got = busy.got.lock().unwrap();
    match got.handled.insert(id) {
        true => got.events.get_mut(&number).unwrap().handled = Some(place),
        false => got.again += 1,
    }
    answer(if fails { 500 } else { 200 })
}

fn answer(status: u16) -> Response<Empty<Bytes>> {
    Response::builder().status(status).body(Empty::new()).unwrap()
}

/// The id of a request that is signed as Standard Webhooks 1.0.0 has it.
fn proved(request: &Request<Bytes>) -> Option<String> {
    let field = |name: &str| request.headers().get(name)?.to_str().ok();
    let (id, stamp) = (field("webhook-id")?, field("webhook-timestamp")?);
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).ok()?;
    for part in [id.as_bytes(), b".", stamp.as_bytes(), b".", request.body()] {
        mac.update(part);
    }
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let body: serde_json::Value = serde_json::from_slice(request.body()).ok()?;
    (field("webhook-signature")? == signature && body["id"] == id).then(|| id.to_owned())
}
