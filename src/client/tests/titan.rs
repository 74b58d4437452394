//! A small model of ServiceTitan: tokens, pages of jobs, a feed, a few writes.

use crate::host::simulated::{Reply, SentRequest, Simulated};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

/// The path of the only tenant.
pub const TENANT: &str = "/jpm/v2/tenant/1234";

/// Records on a page of the feed.
const FEED_PAGE: usize = 3;

type Script = Box<dyn FnMut(usize, &SentRequest) -> Option<Reply>>;

/// The model. Clones are the same one.
#[derive(Clone)]
pub struct Titan(Rc<RefCell<State>>);

struct State {
    host: Simulated,
    /// What the model answers instead of itself, by the number of the request from 1.
    token_script: Script,
    api_script: Script,
    token_latency: Duration,
    latency: Duration,
    token_life: Duration,
    client_secrets: BTreeSet<String>,
    app_keys: BTreeSet<String>,
    forbids_keys: bool,
    /// When each token ends, and the secret that it was issued for.
    tokens: BTreeMap<String, (Duration, String)>,
    revokes_every: Option<usize>,
    token_requests: usize,
    api_requests: usize,
    records: Vec<Value>,
    writes: Vec<String>,
}

impl Titan {
    /// The provider of this host.
    pub fn new(host: &Simulated, client_secret: &str, app_key: &str) -> Titan {
        let titan = Titan(Rc::new(RefCell::new(State {
            host: host.clone(),
            token_script: Box::new(|_, _| None),
            api_script: Box::new(|_, _| None),
            token_latency: Duration::from_millis(40),
            latency: Duration::from_millis(20),
            token_life: Duration::from_secs(900),
            client_secrets: BTreeSet::from([client_secret.to_owned()]),
            app_keys: BTreeSet::from([app_key.to_owned()]),
            forbids_keys: false,
            tokens: BTreeMap::new(),
            revokes_every: None,
            token_requests: 0,
            api_requests: 0,
            records: Vec::new(),
            writes: Vec::new(),
        })));
        let model = titan.clone();
        host.answer_with(move |request| model.answer(request));
        titan
    }

    /// Answers requests for tokens by a script; where it says nothing, the model does.
    pub fn on_token(&self, mut script: impl FnMut(usize) -> Option<Reply> + 'static) {
        self.0.borrow_mut().token_script = Box::new(move |number, _| script(number));
    }

    /// Answers all other requests by a script; where it says nothing, the model does.
    pub fn on_api(&self, script: impl FnMut(usize, &SentRequest) -> Option<Reply> + 'static) {
        self.0.borrow_mut().api_script = Box::new(script);
    }

    /// How long an answer takes.
    pub fn latency(&self, token: Duration, api: Duration) {
        let mut state = self.0.borrow_mut();
        (state.token_latency, state.latency) = (token, api);
    }

    /// How long a token lives.
    pub fn token_life(&self, life: Duration) {
        self.0.borrow_mut().token_life = life;
    }

    /// The secret that is accepted from now on. The tokens of the one before still are.
    pub fn change_client_secret(&self, secret: &str) {
        self.0.borrow_mut().client_secrets = BTreeSet::from([secret.to_owned()]);
    }

    /// Another secret that is accepted.
    pub fn issue_client_secret(&self, secret: &str) {
        self.0.borrow_mut().client_secrets.insert(secret.to_owned());
    }

    /// Accepts a secret no longer, nor the tokens that it was good for.
    pub fn revoke_client_secret(&self, secret: &str) {
        let mut state = self.0.borrow_mut();
        state.client_secrets.remove(secret);
        state.tokens.retain(|_, (_, issued_for)| issued_for != secret);
    }

    /// Another app key that is accepted.
    pub fn issue_app_key(&self, key: &str) {
        self.0.borrow_mut().app_keys.insert(key.to_owned());
    }

    /// Accepts an app key no longer.
    pub fn revoke_app_key(&self, key: &str) {
        self.0.borrow_mut().app_keys.remove(key);
    }

    /// Answers 403 and not 401 to an app key that it does not know.
    pub fn forbids_keys(&self) {
        self.0.borrow_mut().forbids_keys = true;
    }

    /// Accepts none of the tokens that it has issued.
    pub fn revoke_tokens(&self) {
        self.0.borrow_mut().tokens.clear();
    }

    /// Accepts none of the tokens that it has issued, at every so many requests.
    pub fn revokes_tokens_every(&self, requests: usize) {
        self.0.borrow_mut().revokes_every = Some(requests);
    }

    /// Holds records with the ids from 1 to this.
    pub fn holds(&self, records: i64) {
        let record = |id| json!({"id": id, "jobNumber": format!("J{id}"), "total": 12.50});
        self.0.borrow_mut().records = (1..=records).map(record).collect();
    }

    /// Puts another record in the place of the one with this id.
    pub fn spoil(&self, id: usize, record: Value) {
        self.0.borrow_mut().records[id - 1] = record;
    }

    /// Adds records behind the last.
    pub fn grows_by(&self, records: i64) {
        let last = self.0.borrow().records.iter().filter_map(|record| record["id"].as_i64()).max();
        let next = last.unwrap_or_default() + 1;
        let grown = (next..next + records).map(|id| json!({ "id": id }));
        self.0.borrow_mut().records.extend(grown);
    }

    /// Takes a record away.
    pub fn loses(&self, id: i64) {
        self.0.borrow_mut().records.retain(|record| record["id"] != id);
    }

    /// Adds a record that a list without an order shows first.
    pub fn shows_first(&self, id: i64) {
        self.0.borrow_mut().records.insert(0, json!({ "id": id }));
    }

    /// How many tokens were asked for.
    pub fn token_requests(&self) -> usize {
        self.0.borrow().token_requests
    }

    /// How many other requests came.
    pub fn api_requests(&self) -> usize {
        self.0.borrow().api_requests
    }

    /// The writes that took effect: method, path and body.
    pub fn writes(&self) -> Vec<String> {
        self.0.borrow().writes.clone()
    }

    fn answer(&self, request: &SentRequest) -> Reply {
        let mut state = self.0.borrow_mut();
        let now = request.at;
        if request.authority.starts_with("auth") {
            state.token_requests += 1;
            let number = state.token_requests;
            let scripted = (state.token_script)(number, request);
            return scripted.unwrap_or_else(|| state.token(request, now)).later(state.token_latency);
        }
        state.api_requests += 1;
        let number = state.api_requests;
        if state.revokes_every.is_some_and(|every| number.is_multiple_of(every)) {
            state.tokens.clear();
        }
        let scripted = (state.api_script)(number, request);
        scripted.unwrap_or_else(|| state.api(request, now)).later(state.latency)
    }
}

impl State {
    fn token(&mut self, request: &SentRequest, now: Duration) -> Reply {
        let form = request.secret_body().unwrap_or_default();
        let secret = form.split('&').find_map(|pair| pair.strip_prefix("client_secret="));
        let secret = percent_decode_str(secret.unwrap_or_default()).decode_utf8_lossy();
        if !self.client_secrets.contains(secret.as_ref()) {
            return Reply::status(400, r#"{"error":"invalid_client"}"#);
        }
        let token = format!("canary-token-{}", self.token_requests);
        self.host.never_show(&token);
        self.tokens.insert(token.clone(), (now + self.token_life, secret.into_owned()));
        let life = self.token_life.as_secs();
        Reply::ok(json!({"access_token": token, "expires_in": life, "token_type": "Bearer"}).to_string())
    }

    fn api(&mut self, request: &SentRequest, now: Duration) -> Reply {
        let bearer = request.secret_header("authorization").unwrap_or_default();
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
        let fresh = self.tokens.get(token).is_some_and(|(end, _)| now < *end);
        let known = request.secret_header("st-app-key").is_some_and(|key| self.app_keys.contains(key));
        if fresh && !known && self.forbids_keys {
            return Reply::status(403, r#"{"title":"The application may not","status":403}"#);
        }
        if !fresh || !known {
            return Reply::status(401, r#"{"title":"Unauthorized","status":401}"#);
        }
        let path = request.path().strip_prefix(TENANT).unwrap_or_default();
        match (request.method, path.split('/').skip(1).collect::<Vec<_>>().as_slice()) {
            ("GET", ["jobs" | "job-types"]) => self.numbered(request, true),
            ("GET", ["work-breakdown-structure", "segments"]) => self.numbered(request, false),
            ("GET", ["export", "jobs"]) => self.feed(request),
            ("GET", ["jobs", id]) => match id.parse::<usize>().ok().and_then(|id| self.records.get(id - 1)) {
                Some(record) => Reply::ok(record.to_string()),
                None => Reply::status(404, r#"{"title":"No such job","status":404,"traceId":"trace-7"}"#),
            },
            ("GET", _) => Reply::status(404, r#"{"title":"No such page","status":404}"#),
            (method, _) => {
                let body = request.body.clone().unwrap_or_default();
                self.writes.push(format!("{method} {path} {body}"));
                Reply::ok(r#"{"id":1,"text":"done"}"#)
            }
        }
    }

    fn numbered(&self, request: &SentRequest, says_more: bool) -> Reply {
        let number = |name| request.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let (Some(page), Some(size)) = (number("page"), number("pageSize")) else {
            return Reply::status(400, r#"{"title":"page and pageSize are needed","status":400}"#);
        };
        let mut records: Vec<(i64, &Value)> = (1..).zip(&self.records).collect();
        // A record whose id is spoilt stays in its place.
        let id = |(place, record): &(i64, &Value)| record["id"].as_i64().unwrap_or(*place);
        match request.parameter("sort") {
            Some("%2BId") => records.sort_by_key(id),
            Some("-Id") => records.sort_by_key(|record| std::cmp::Reverse(id(record))),
            _ => {}
        }
        let records = records.into_iter().map(|(_, record)| record);
        let data: Vec<&Value> = records.skip((page - 1) * size).take(size).collect();
        let total = (request.parameter("includeTotal") == Some("true")).then_some(self.records.len());
        Reply::ok(match says_more {
            true => {
                let more = self.records.len() > page * size;
                json!({"page": page, "pageSize": size, "hasMore": more, "totalCount": total, "data": data})
            }
            false => json!({ "data": data }),
        }
        .to_string())
    }

    fn feed(&self, request: &SentRequest) -> Reply {
        let from = request.parameter("from").unwrap_or("after-0");
        let Some(after) = from.strip_prefix("after-").and_then(|text| text.parse::<usize>().ok()) else {
            return Reply::status(400, r#"{"title":"from is not known","status":400}"#);
        };
        let data: Vec<&Value> = self.records.iter().skip(after).take(FEED_PAGE).collect();
        let next = after + data.len();
        let more = next < self.records.len();
        Reply::ok(json!({"hasMore": more, "continueFrom": format!("after-{next}"), "data": data}).to_string())
    }
}

impl Reply {
    /// Takes that much longer.
    fn later(self, time: Duration) -> Reply {
        let after = self.after.saturating_add(time);
        self.after(after)
    }
}
