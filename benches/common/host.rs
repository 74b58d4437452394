//! A host that makes nobody wait.

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use penstock::{
    host::{BodyError, Host, HostError, Opened, Request, Response, SendError, Source, State},
    policy::{
        secret::Secret,
        time::{Tick, WallTime},
    },
    state::{TurnRequest, Turns},
};
use std::{cell::Cell, collections::HashMap, future::ready, time::Duration};

/// Virtual time between two calls: enough for a slot of the rate limit.
pub const BETWEEN: Duration = Duration::from_millis(1);

/// Requests a second that the provider allows: more than are made.
pub const RATE: u32 = 10_000;

/// How much of a body comes at once.
const PIECE: usize = 64 * 1024;

/// What the token endpoint answers.
const TOKEN: &str =
    r#"{"access_token":"eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl","expires_in":900,"token_type":"Bearer"}"#;

/// A host that does everything at once, on a clock that calls move. It has no store.
pub struct Ready {
    now: Cell<Tick>,
    random: Cell<u64>,
    api: Box<dyn Fn(&str) -> Bytes>,
    settings: HashMap<&'static str, String>,
}

impl Ready {
    /// With what the API answers to a path and query.
    pub fn new(api: impl Fn(&str) -> Bytes + 'static) -> Ready {
        let settings = HashMap::from([
            ("SERVICETITAN_TENANT_ID", "1234".to_owned()),
            ("PENSTOCK_PAGE_SIZE", "1000".to_owned()),
            ("SERVICETITAN_RATE_LIMIT", RATE.to_string()),
            ("LOG_LEVEL", "error".to_owned()),
        ]);
        Ready { now: Cell::default(), random: Cell::default(), api: Box::new(api), settings }
    }

    /// With one setting or secret more.
    #[allow(dead_code, reason = "not every bench needs more")]
    pub fn with(mut self, name: &'static str, value: &str) -> Ready {
        self.settings.insert(name, value.to_owned());
        self
    }

    /// Time goes on until the next call.
    pub fn pass(&self) {
        self.now.set(self.now.get() + BETWEEN);
    }
}

impl Host for Ready {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        self.pass();
        let token = request.path_and_query.ends_with("/token");
        let body = if token { TOKEN.into() } else { (self.api)(&request.path_and_query) };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(Response { status: 200, headers, body: Ok(body) })
    }

    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        let Response { status, headers, body } = self.send(request).await?;
        Ok(Opened { status, headers, body: Box::new(Pieces(body.unwrap_or_default())) })
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    fn now(&self) -> Tick {
        self.now.get()
    }

    fn wall_now(&self) -> WallTime {
        let since = self.now.get().since(Tick::ZERO).as_millis();
        WallTime::from_millis(i64::try_from(since).unwrap_or(i64::MAX))
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.random.get()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let known = ["SERVICETITAN_CLIENT_ID", "SERVICETITAN_CLIENT_SECRET", "SERVICETITAN_APP_KEY"];
        let secret = known.contains(&name).then(|| "a-secret-of-the-bench".to_owned());
        Ok(secret.or_else(|| self.settings.get(name).cloned()).map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(self.settings.get(name).cloned())
    }

    fn log(&self, line: &str) {
        panic!("nothing goes wrong here: {line}");
    }
}

impl State for Ready {
    async fn state_get(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
        none()
    }

    async fn state_set(&self, _: &str, _: Vec<u8>, _: Option<Duration>) -> Result<(), HostError> {
        none()
    }

    async fn state_delete(&self, _: &str) -> Result<(), HostError> {
        none()
    }

    async fn state_claim(&self, _: &str, _: Vec<u8>, _: Duration) -> Result<Option<Vec<u8>>, HostError> {
        none()
    }

    async fn state_swap(&self, _: &str, _: Vec<u8>, _: Vec<u8>, _: Duration) -> Result<bool, HostError> {
        none()
    }

    async fn state_release(&self, _: &str, _: Vec<u8>) -> Result<(), HostError> {
        none()
    }

    async fn state_keys(&self, _: &str, _: usize) -> Result<Vec<String>, HostError> {
        none()
    }

    async fn state_turns(&self, _: &str, _: &TurnRequest) -> Result<Turns, HostError> {
        none()
    }
}

fn none<T>() -> Result<T, HostError> {
    Err(HostError::Unavailable("the bench has no store".to_owned()))
}

/// A body as a host hands it over.
struct Pieces(Bytes);

impl Source for Pieces {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        let piece = self.0.split_to(self.0.len().min(PIECE));
        Box::pin(ready(Ok((!piece.is_empty()).then(|| piece.to_vec()))))
    }
}
