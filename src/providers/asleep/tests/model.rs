//! A small model of Asleep, and a client that talks to it.

use crate::{
    client::Client,
    contract::{CallOptions, Failure},
    entry::dynamic::{self, Answer},
    host::simulated::{Reply, SentRequest, Simulated},
};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeSet, rc::Rc, time::Duration};

pub const KEY: &str = "canary-asleep-key";

type Script = Box<dyn FnMut(usize, &SentRequest) -> Option<Reply>>;

/// What the model holds.
pub struct State {
    /// The keys that it accepts.
    pub keys: BTreeSet<String>,
    /// The users that it knows.
    pub users: BTreeSet<String>,
    /// The users that were made.
    pub made: usize,
    /// Sessions of each user, oldest first; all users have the same.
    pub sessions: Vec<Value>,
    /// Sessions that it puts on a page at most.
    pub largest_page: usize,
    /// What it answers instead of itself.
    pub script: Script,
}

/// A client with the model behind it.
pub struct Rig {
    pub host: Simulated,
    pub client: Rc<Client<Simulated>>,
    pub state: Rc<RefCell<State>>,
}

impl Rig {
    pub fn new() -> Rig {
        let host = Simulated::new(7);
        host.set_secret("ASLEEP_API_KEY", KEY);
        host.set("PENSTOCK_ROLE", "admin");
        host.set("LOG_LEVEL", "debug");
        host.set("ASLEEP_RATE_LIMIT", "10000");
        let state = Rc::new(RefCell::new(State {
            keys: BTreeSet::from([KEY.to_owned()]),
            users: BTreeSet::from(["ann".to_owned(), "bob".to_owned()]),
            made: 0,
            sessions: (1..=3).map(|number| session(number, "COMPLETE")).collect(),
            largest_page: 100,
            script: Box::new(|_, _| None),
        }));
        let (model, mut number) = (state.clone(), 0);
        host.answer_with(move |request| {
            number += 1;
            let mut state = model.borrow_mut();
            let scripted = (state.script)(number, request);
            let latency = Duration::from_millis(20);
            match scripted {
                Some(reply) => {
                    let after = reply.after.saturating_add(latency);
                    reply.after(after)
                }
                None => state.answer(request).after(latency),
            }
        });
        Rig { client: Client::new(host.clone()), host, state }
    }

    /// Answers by a script; where it says nothing, the model does.
    pub fn script(&self, script: impl FnMut(usize, &SentRequest) -> Option<Reply> + 'static) {
        self.state.borrow_mut().script = Box::new(script);
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let done = self.host.run(future);
        self.host.told(self.client.metrics());
        self.host.told(self.client.snapshot());
        assert_eq!(self.host.leak(), None);
        done
    }

    /// Calls an operation by name.
    pub async fn call(&self, name: &str, parameters: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.call_with(name, parameters, None, &options()).await
    }

    pub async fn call_with(
        &self,
        name: &str,
        parameters: &[(&str, &str)],
        body: Option<Value>,
        options: &CallOptions,
    ) -> Result<Answer, Failure> {
        let operation = dynamic::operation("asleep", &format!("sleep.{name}"))?;
        let body = body.map(|body| body.to_string());
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let result =
            dynamic::invoke(&self.client, operation, &parameters, body.as_deref(), Some(options)).await;
        self.host.told(format!("{result:?}"));
        result
    }

    /// The body of an answer.
    pub async fn value(&self, name: &str, parameters: &[(&str, &str)]) -> Value {
        body(&self.call(name, parameters).await.unwrap())
    }

    /// Method and path of each request.
    pub fn sent(&self) -> Vec<String> {
        let line = |request: &Rc<SentRequest>| format!("{} {}", request.method, request.path_and_query);
        self.host.requests().iter().map(line).collect()
    }
}

pub fn body(answer: &Answer) -> Value {
    serde_json::from_str(answer.body.as_deref().unwrap()).unwrap()
}

/// The value of a header field that may be logged.
pub fn header<'r>(request: &'r SentRequest, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// Call options that say nothing.
pub fn options() -> CallOptions {
    CallOptions::default()
}

/// A row of the list; its id begins with the number.
pub fn session(number: usize, state: &str) -> Value {
    json!({
        "session_id": format!("202601{number:08}_abcde"),
        "state": state,
        "session_start_time": "2026-01-02T22:00:00+09:00",
        "session_end_time": null,
        "time_in_bed": 3600,
    })
}

pub fn refused(status: u16, detail: &str) -> Reply {
    Reply::status(status, json!({ "detail": detail }).to_string())
}

pub fn found(result: Value) -> Reply {
    Reply::ok(json!({ "detail": "OK", "result": result }).to_string())
}

impl State {
    fn answer(&mut self, request: &SentRequest) -> Reply {
        let key = request.secret_header("x-api-key").unwrap_or_default();
        if !self.keys.contains(key) {
            return refused(401, "invalid api key");
        }
        if header(request, "user-agent").is_none_or(str::is_empty) {
            return refused(401, "user agent is empty");
        }
        let path: Vec<&str> = request.path().split('/').skip(1).collect();
        let user = match path.as_slice() {
            ["ai", "v1", "users"] => {
                self.made += 1;
                return Reply::status(201, r#"{"detail":"success","result":{"user_id":"new"}}"#);
            }
            ["ai" | "data", "v1", "users", user, ..] => Some(*user),
            _ => header(request, "x-user-id"),
        };
        let Some(user) = user.filter(|user| self.users.contains(*user)).map(str::to_owned) else {
            return refused(404, "user does not exist");
        };
        match (request.method, path.as_slice()) {
            ("GET", ["ai", "v1", "users", _]) => found(json!({
                "user_id": user,
                "to_be_deleted": false,
                "last_session_info": {"session_id": "s", "state": "COMPLETE", "start_time": "2026-01-02T22:00:00"},
                "metadata": {"birth_year": 1990, "gender": "non_binary", "height": 170.5},
            })),
            ("PUT", _) => found(json!({"user_id": user, "metadata": null})),
            ("DELETE", ["ai", "v1", "users", _]) => {
                self.users.remove(&user);
                Reply::status(204, "")
            }
            ("DELETE", _) => Reply::status(204, ""),
            ("GET", ["data", "v3", "sessions", id]) => self.session(id),
            ("GET", ["data", "v1", "sessions"]) => self.page(request),
            ("GET", ["data", "v1", "users", _, "average-stats"]) => average(request),
            _ => refused(404, "no such path"),
        }
    }

    fn session(&self, id: &str) -> Reply {
        let Some(row) = self.sessions.iter().find(|row| row["session_id"] == id) else {
            return refused(404, "session does not exist");
        };
        let complete = row["state"] == "COMPLETE";
        let stat =
            complete.then(|| json!({"time_in_sleep": 1080, "sleep_efficiency": 0.3, "time_in_light": 90}));
        found(json!({
            "timezone": "UTC",
            "peculiarities": if complete { json!([]) } else { json!(["IN_PROGRESS"]) },
            "missing_data_ratio": 0.0,
            "session": {"id": id, "state": row["state"], "start_time": row["session_start_time"], "sleep_stages": [0, 1, 2]},
            "stat": stat,
        }))
    }

    fn page(&self, request: &SentRequest) -> Reply {
        let number = |name| request.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let (Some(offset), Some(limit)) = (number("offset"), number("limit")) else {
            return refused(422, "offset and limit");
        };
        if limit > 100 {
            return refused(422, "limit");
        }
        let mut rows: Vec<&Value> = self.sessions.iter().collect();
        if request.parameter("order_by") != Some("ASC") {
            rows.reverse();
        }
        let rows: Vec<&Value> = rows.into_iter().skip(offset).take(limit.min(self.largest_page)).collect();
        found(json!({"timezone": "UTC", "sleep_session_list": rows}))
    }
}

/// As many nights as the period has days, each as long asleep as its first day's number.
fn average(request: &SentRequest) -> Reply {
    let date = |name| request.parameter(name).unwrap().parse::<jiff::civil::Date>().unwrap();
    let (first, last) = (date("start_date"), date("end_date"));
    let days = first.until(last).unwrap().get_days() + 1;
    if days > 100 {
        return refused(400, "The period should be less than or equal to 100 days");
    }
    let nights: Vec<Value> = (0..days).map(|night| json!({"id": format!("{first}+{night}")})).collect();
    found(json!({
        "period": {"timezone": "UTC", "start_date": first.to_string(), "end_date": last.to_string()},
        "peculiarities": [],
        "average_stats": {"sleep_time": "23:10:00", "time_in_sleep": f64::from(first.day()), "deep_ratio": null},
        "never_slept_sessions": [],
        "slept_sessions": nights,
    }))
}
