//! Gateways in virtual time that share a store, a provider that sends webhooks, and destinations.

#![allow(dead_code, reason = "each test program uses a part of it")]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use penstock::{
    api_key,
    client::Client,
    host::{
        Source,
        simulated::{Conduct, Pieces, Reply, SentRequest, Simulated, Store},
    },
    policy::secret::Secret,
    webhooks::{Encoding, sign, standard},
};
use penstock_gateway::{Answer, Gateway, outbox, request::Head, serve, settings};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

pub const MILLI: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);
pub const PATH: &str = "/webhooks/servicetitan/default";

/// What the provider signs with.
pub const SECRET: &str = "canary-of-the-provider-0123";

/// What destinations know the gateway by.
pub const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How a destination answers its n-th request, from 0.
type Answers = Box<dyn Fn(usize) -> Reply>;

/// A delivery as a destination got it.
#[derive(Debug, Clone)]
pub struct Got {
    pub at: Duration,
    pub host: String,
    pub path: String,
    pub id: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
    /// Whether the answer to it is a 2xx.
    pub taken: bool,
}

impl Got {
    /// The number of the job that it is about, and of the event.
    pub fn what(&self) -> (u64, String) {
        let data = &self.body["data"];
        (data["job"]["id"].as_u64().unwrap(), data["event"].as_str().unwrap().to_owned())
    }
}

#[derive(Default)]
struct World {
    answers: RefCell<BTreeMap<String, Answers>>,
    got: RefCell<Vec<Got>>,
}

/// A deployment.
pub struct Deployment {
    /// Its first instance, whose clock is everybody's.
    pub host: Simulated,
    pub store: Store,
    world: Rc<World>,
    settings: RefCell<BTreeMap<String, String>>,
    seeds: std::cell::Cell<u64>,
}

/// What a request came to.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub fn key() -> String {
    api_key::generate(&[7; 32]).expose().to_owned()
}

/// HTTP destinations of these names, at `https://<name>.example/hook`.
pub fn destinations(names: &[&str]) -> String {
    let one =
        |name: &&str| json!({"name": name, "url": format!("https://{name}.example/hook"), "secret": SIGNING});
    json!(names.iter().map(one).collect::<Vec<_>>()).to_string()
}

impl Deployment {
    /// One with these HTTP destinations, which take everything.
    pub fn new(names: &[&str]) -> Deployment {
        let settings = [
            ("SERVICETITAN_CLIENT_ID", "canary-id"),
            ("SERVICETITAN_CLIENT_SECRET", "canary-secret"),
            ("SERVICETITAN_APP_KEY", "canary-app-key"),
            ("SERVICETITAN_TENANT_ID", "77"),
            ("SERVICETITAN_WEBHOOK_SECRET", SECRET),
            ("PENSTOCK_STATE_SECRET", "canary-of-the-state"),
            ("PENSTOCK_WEBHOOK_DESTINATIONS", &destinations(names)),
            ("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())),
            ("LOG_LEVEL", "debug"),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let host = Simulated::new(1);
        host.never_show(SIGNING);
        let deployment = Deployment {
            host,
            store: Store::default(),
            world: Rc::default(),
            settings: RefCell::new(settings.map(own).into()),
            seeds: std::cell::Cell::new(1),
        };
        deployment.equip(&deployment.host);
        deployment
    }

    /// Another instance.
    pub fn instance(&self) -> Simulated {
        self.seeds.set(self.seeds.get() + 1);
        let host = self.host.sibling(self.seeds.get() << 32);
        self.equip(&host);
        host
    }

    fn equip(&self, host: &Simulated) {
        for (name, value) in &*self.settings.borrow() {
            set(host, name, value);
        }
        host.share(self.store.clone());
        let world = self.world.clone();
        host.answer_with(move |request| world.answer(request));
    }

    /// A setting changes, for the instances that are yet to come and for the first one.
    pub fn set(&self, name: &str, value: &str) {
        self.settings.borrow_mut().insert(name.to_owned(), value.to_owned());
        set(&self.host, name, value);
    }

    pub fn unset(&self, name: &str) {
        self.settings.borrow_mut().remove(name);
        self.host.unset(name);
    }

    /// How a destination answers.
    pub fn destination(&self, name: &str, answers: impl Fn(usize) -> Reply + 'static) {
        self.world.answers.borrow_mut().insert(format!("{name}.example"), Box::new(answers));
    }

    /// What destinations got.
    pub fn got(&self) -> Vec<Got> {
        self.world.got.borrow().clone()
    }

    /// The events that a destination took, in order.
    pub fn taken(&self, name: &str) -> Vec<(u64, String)> {
        let host = format!("{name}.example");
        self.got().iter().filter(|got| got.host == host && got.taken).map(Got::what).collect()
    }

    pub fn forget(&self) {
        self.world.got.borrow_mut().clear();
    }

    /// The store takes so long.
    pub fn slow(&self, latency: Duration) {
        self.store.behave(Conduct { latency, late: latency, ..Conduct::default() });
    }

    /// The keys of the outbox.
    pub fn stored(&self) -> Vec<String> {
        let all = self.store.contents();
        let keys = all.iter().filter_map(|entry| entry.split_once('=')).map(|(key, _)| key.to_owned());
        keys.filter(|key| key.starts_with("penstock/outbox/")).collect()
    }

    /// A gateway in the first instance that knows nothing yet.
    pub fn gateway(&self) -> Gateway<Simulated> {
        Gateway::new(Client::new(self.host.clone()))
    }

    /// A gateway in an instance of its own.
    pub fn another(&self) -> Gateway<Simulated> {
        Gateway::new(Client::new(self.instance()))
    }

    /// The provider sends an event about a job until it is taken: as often as it likes.
    pub fn send(&self, gateway: &Gateway<Simulated>, job: u64, event: &str) -> Seen {
        self.host.run(deliver(gateway, job, event))
    }

    /// Time passes, and then a gateway that knows nothing yet hands on what is due.
    pub fn later(&self, time: Duration) -> Value {
        let gateway = self.another();
        self.host.run(async {
            self.host.wait(time).await;
            ask(&gateway, "POST", "/v1/_outbox/drain").await.json()
        })
    }
}

impl World {
    fn answer(&self, request: &SentRequest) -> Reply {
        let host = request.authority.clone();
        // The vendors' own interfaces let nobody in.
        if !host.ends_with(".example") {
            return Reply::status(401, "{}");
        }
        let before = self.got.borrow().iter().filter(|got| got.host == host).count();
        let reply = self.answers.borrow().get(&host).map_or_else(|| Reply::ok(""), |answers| answers(before));
        let headers: BTreeMap<String, String> =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(request.method, "POST");
        assert_genuine(&headers, &request.bytes);
        let taken = reply.is_taken();
        self.got.borrow_mut().push(Got {
            at: request.at,
            host,
            path: request.path_and_query.clone(),
            id: headers["webhook-id"].clone(),
            headers,
            body: serde_json::from_slice(&request.bytes).unwrap(),
            taken,
        });
        reply
    }
}

/// Whether a reply is a 2xx.
trait Taken {
    fn is_taken(&self) -> bool;
}

impl Taken for Reply {
    fn is_taken(&self) -> bool {
        self.status_code().is_some_and(|status| (200..300).contains(&status))
    }
}

/// A delivery is signed as Standard Webhooks has it, with each of the secrets.
fn assert_genuine(headers: &BTreeMap<String, String>, body: &[u8]) {
    let key = standard::key(&Secret::new(SIGNING.to_owned())).unwrap();
    let (id, sent) = (&headers["webhook-id"], &headers["webhook-timestamp"]);
    let tag = sign(&key, &[id.as_bytes(), b".", sent.as_bytes(), b".", body]);
    let expected = format!("v1,{}", Encoding::Base64.encode(&tag));
    assert!(headers["webhook-signature"].split(' ').any(|signature| signature == expected));
    assert_eq!(headers["content-type"], "application/json");
}

fn set(host: &Simulated, name: &str, value: &str) {
    let is_secret = settings::all().any(|(known, setting)| known == name && setting.secret);
    if is_secret { host.set_secret(name, value) } else { host.set(name, value) }
}

/// An event as ServiceTitan sends it.
pub fn cloud_event(job: u64, event: &str) -> String {
    json!({
        "specversion": "1.0", "id": format!("delivery-of-{event}"), "type": "tn.jpm.job-completed",
        "time": "2026-11-20T10:00:00Z", "source": "https://webhooks.servicetitan.io",
        "userassignedid": event, "datacontenttype": "application/json",
        "data": {"tenantId": 77, "job": {"id": job}, "event": event},
    })
    .to_string()
}

pub fn signature(body: &[u8]) -> String {
    Encoding::Hex.encode(&sign(SECRET.as_bytes(), &[body]))
}

/// The provider sends an event about a job, once.
pub async fn deliver(gateway: &Gateway<Simulated>, job: u64, event: &str) -> Seen {
    let body = cloud_event(job, event);
    post(gateway, PATH, &[("x-servicetitan-signature", &signature(body.as_bytes()))], &body).await
}

pub async fn post(
    gateway: &Gateway<Simulated>,
    target: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Seen {
    let cut = body.len() / 2;
    let pieces = [body.get(..cut), body.get(cut..)].map(|piece| piece.unwrap_or_default().to_owned());
    request(gateway, "POST", target, headers, Some(Box::new(Pieces::new(pieces)))).await
}

/// A request of whoever has an API key.
pub async fn ask(gateway: &Gateway<Simulated>, method: &str, target: &str) -> Seen {
    request(gateway, method, target, &[("x-api-key", &key())], None).await
}

pub async fn request(
    gateway: &Gateway<Simulated>,
    method: &str,
    target: &str,
    headers: &[(&'static str, &str)],
    body: Option<Box<dyn Source>>,
) -> Seen {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let head = Head { method, target: target.to_owned(), headers: headers.collect() };
    let Answer::Whole(response) = serve(gateway, &head, body).await else { panic!("a stream") };
    let (head, body) = response.into_parts();
    let seen = Seen { status: head.status.as_u16(), headers: head.headers, body };
    gateway.client().host().told(format!("{:?} {}", seen.headers, seen.body));
    seen
}

/// What the component does after an answer.
pub async fn after(gateway: &Gateway<Simulated>) {
    outbox::after(gateway).await;
}
