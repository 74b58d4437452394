//! A vendor that sends events: each several times, out of order, and again until somebody takes it.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::time::{sleep, sleep_until, timeout};

pub const SECRET: &str = "an-hmac-key-of-32-to-64-characters";
pub const TENANT: &str = "1000001";

/// How far apart in time the deliveries of one event are.
const SPREAD: Duration = Duration::from_secs(2);

/// How many deliveries an event has at most.
const COPIES: usize = 4;

/// Events about one thing.
const EVENTS_PER_JOB: usize = 5;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of an event.
#[derive(Clone, Copy, Default)]
pub struct Told {
    /// When a delivery of it was sent first.
    pub sent: Option<Instant>,
    /// When one was answered with 2xx first.
    pub taken: Option<Instant>,
}

/// What became of all.
#[derive(Default)]
pub struct Seen {
    pub events: Vec<Told>,
    pub deliveries: usize,
    /// How many answers there were of each status, with what was said of it.
    pub answers: BTreeMap<String, usize>,
    /// Requests without an answer: their gateway was killed.
    pub broken: usize,
    /// How long each 2xx took.
    pub took: Vec<Duration>,
}

#[derive(Clone)]
pub struct Vendor {
    client: Client<HttpConnector, Full<Bytes>>,
    addresses: Arc<[String]>,
    jobs: usize,
    /// When it gives up.
    until: Instant,
    pub seen: Arc<Mutex<Seen>>,
}

impl Vendor {
    pub fn new(addresses: Vec<String>, events: usize, until: Instant) -> Vendor {
        let seen = Seen { events: vec![Told::default(); events], ..Seen::default() };
        Vendor {
            client: Client::builder(TokioExecutor::new()).build_http(),
            addresses: addresses.into(),
            jobs: events.div_ceil(EVENTS_PER_JOB),
            until,
            seen: Arc::new(Mutex::new(seen)),
        }
    }

    /// The thing that an event is about.
    pub fn job(&self, number: usize) -> usize {
        number % self.jobs
    }

    /// Sends all, so many new ones a second, and returns when each delivery was answered with 2xx or given up.
    pub async fn send_all(&self, rate: usize) {
        let began = tokio::time::Instant::now();
        let events = self.seen.lock().unwrap().events.len();
        let mut deliveries = tokio::task::JoinSet::new();
        let mut count = 0;
        for number in 0..events {
            for _ in 0..fastrand::usize(1..=COPIES) {
                count += 1;
                let at =
                    Duration::from_secs_f64(number as f64 / rate as f64) + SPREAD.mul_f64(fastrand::f64());
                let (vendor, body) = (self.clone(), self.event(count, number));
                deliveries.spawn(async move {
                    sleep_until(began + at).await;
                    vendor.deliver(number, body).await;
                });
            }
        }
        while let Some(delivered) = deliveries.join_next().await {
            delivered.unwrap();
        }
    }

    async fn deliver(&self, number: usize, body: Bytes) {
        let mut is_first = true;
        while Instant::now() < self.until {
            let began = Instant::now();
            {
                let mut seen = self.seen.lock().unwrap();
                seen.deliveries += usize::from(std::mem::take(&mut is_first));
                seen.events[number].sent.get_or_insert(began);
            }
            let answer = timeout(PATIENCE, self.request(body.clone())).await.ok().flatten();
            {
                let mut seen = self.seen.lock().unwrap();
                let is_taken = answer.as_ref().is_some_and(|(status, _)| status.is_success());
                match answer {
                    Some((status, why)) => {
                        *seen
                            .answers
                            .entry(format!("{} {why}", status.as_u16()).trim().to_owned())
                            .or_default() += 1;
                    }
                    None => seen.broken += 1,
                }
                if is_taken {
                    seen.took.push(began.elapsed());
                    seen.events[number].taken.get_or_insert_with(Instant::now);
                    return;
                }
            }
            sleep(Duration::from_millis(fastrand::u64(300..1500))).await;
        }
    }

    /// The status of an answer that came whole, and what a problem says of it.
    async fn request(&self, body: Bytes) -> Option<(StatusCode, String)> {
        let address = &self.addresses[fastrand::usize(..self.addresses.len())];
        let request = Request::post(format!("http://{address}/webhooks/servicetitan/default"))
            .header("content-type", "application/json")
            .header("x-servicetitan-signature", signature(&body))
            .body(Full::new(body))
            .unwrap();
        let (head, body) = self.client.request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let said: serde_json::Value = serde_json::from_slice(&body).ok()?;
        Some((head.status, said["detail"].as_str().unwrap_or_default().to_owned()))
    }

    /// A CloudEvent as ServiceTitan sends it: each delivery has an `id` of its own.
    fn event(&self, delivery: usize, number: usize) -> Bytes {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = penstock::codec::Instant::new(now.as_secs().try_into().unwrap(), 0).unwrap();
        serde_json::json!({
            "specversion": "1.0", "id": format!("delivery-{delivery}"), "type": "tn.jpm.job-updated",
            "time": now.to_string(), "source": "https://webhooks.servicetitan.io",
            "userassignedid": format!("event-{number}"), "datacontenttype": "application/json",
            "data": {
                "tenantId": TENANT.parse::<i64>().unwrap(), "job": {"id": self.job(number)}, "number": number,
            },
        })
        .to_string()
        .into()
    }
}

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
