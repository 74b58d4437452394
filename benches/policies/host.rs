//! A host that makes nobody wait.

use crate::{BETWEEN, RATE};
use bytes::Bytes;
use penstock::{
    host::{Host, HostError, Request, Response, SendError, State},
    policy::{
        secret::Secret,
        time::{Tick, WallTime},
    },
};
use std::{cell::Cell, time::Duration};

/// What the token endpoint answers.
const TOKEN: &str =
    r#"{"access_token":"eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl","expires_in":900,"token_type":"Bearer"}"#;

/// What the API answers, whatever it is asked: a job as the provider sends it, in short.
pub const JOB: &str = r#"{"id":104729583,"jobNumber":"104729583","customerId":88213374,"locationId":88213375,"jobStatus":"InProgress","businessUnitId":1183,"jobTypeId":4410,"priority":"Normal","createdOn":"2025-10-13T14:22:51.8431734Z","total":1284.50,"summary":"No heat upstairs.","tagTypeIds":[311,312]}"#;

/// A host that does everything at once, on a clock that the bench moves. It has no store.
#[derive(Default)]
pub struct Ready {
    now: Cell<Tick>,
    random: Cell<u64>,
}

impl Ready {
    /// Time goes on until the next call.
    pub fn pass(&self) {
        self.now.set(self.now.get() + BETWEEN);
    }
}

impl Host for Ready {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let body = if request.path_and_query.ends_with("/token") { TOKEN } else { JOB };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(Response { status: 200, headers, body: Ok(Bytes::from_static(body.as_bytes())) })
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
        Ok(known.contains(&name).then(|| Secret::new("a-secret-of-the-bench".to_owned())))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(match name {
            "SERVICETITAN_TENANT_ID" => Some("1234".to_owned()),
            "SERVICETITAN_RATE_LIMIT" => Some(RATE.to_string()),
            "LOG_LEVEL" => Some("error".to_owned()),
            _ => None,
        })
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

    async fn state_increment(&self, _: &str, _: i64, _: Option<Duration>) -> Result<i64, HostError> {
        none()
    }

    async fn state_swap(
        &self,
        _: &str,
        _: Vec<u8>,
        _: Vec<u8>,
        _: Option<Duration>,
    ) -> Result<bool, HostError> {
        none()
    }
}

fn none<T>() -> Result<T, HostError> {
    Err(HostError::Unavailable("the bench has no store".to_owned()))
}
