//! A client on a host in virtual time, whose provider always answers the same.

use penstock::{
    client::Client,
    contract::{CallOptions, Failure},
    entry::dynamic::{self, Answer},
    host::simulated::{Reply, SentRequest, Simulated},
};
use std::rc::Rc;

/// No text has these by chance.
pub const CANARY: &str = "canary-5f1e";

/// The secrets. Whoever shows one of them is caught by [`Rig::check`].
const SECRETS: [&str; 4] =
    ["SERVICETITAN_CLIENT_ID", "SERVICETITAN_CLIENT_SECRET", "SERVICETITAN_APP_KEY", "ASLEEP_API_KEY"];

/// What a test needs.
pub struct Rig {
    pub host: Simulated,
    pub client: Rc<Client<Simulated>>,
}

impl Rig {
    /// With settings for all providers, and the role that may do everything.
    #[must_use]
    pub fn new(answer: impl Fn(&SentRequest) -> Reply + 'static) -> Rig {
        let host = Simulated::new(1);
        for name in SECRETS {
            host.set_secret(name, &format!("{CANARY}-{name}"));
        }
        host.set("SERVICETITAN_TENANT_ID", "1234");
        host.set("PENSTOCK_ROLE", "admin");
        host.answer_with(move |request| match request.path() {
            "/connect/token" => Reply::ok(r#"{"access_token":"fuzzed-token","expires_in":900}"#),
            _ => answer(request),
        });
        Rig { client: Client::new(host.clone()), host }
    }

    /// Calls an operation by name, to the end.
    ///
    /// # Errors
    /// Those of the call.
    pub fn call(
        &self,
        provider: &str,
        name: &str,
        parameters: &[(String, String)],
        body: Option<&str>,
        options: Option<&CallOptions>,
    ) -> Result<Answer, Failure> {
        self.host.run(async {
            let operation = dynamic::operation(provider, name)?;
            dynamic::invoke(&self.client, operation, parameters, body, options).await
        })
    }

    /// What was asked besides the token.
    #[must_use]
    pub fn asked(&self) -> Vec<Rc<SentRequest>> {
        let mut requests = self.host.requests();
        requests.retain(|request| request.path() != "/connect/token");
        requests
    }

    /// No secret is in a log line, nor in what may be logged of a request.
    ///
    /// # Panics
    /// If one is.
    pub fn check(&self) {
        assert_eq!(self.host.leak(), None);
    }
}
