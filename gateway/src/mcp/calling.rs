//! Calls, as tools make them: whose data, whether the key is for it, and the way of `/v1`.

use super::messages::Session;
use crate::{
    call::{self, Asked},
    keys::Key,
    openapi,
    problem::Problem,
    request::{Head, Parameters, encoded},
    serve::{self, Answer},
    unknown_account,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use penstock::{
    call::DEFAULT_ACCOUNT,
    contract::{
        CallOptions, FieldError,
        catalogue::{self, Effect, Operation},
    },
    entry::dynamic,
    host::Host,
};

/// The header fields of a message that count for the call that it asks for.
const PASSED_ON: [&str; 2] = ["x-correlation-id", "x-deadline-ms"];

/// The most that is repeated of a name that is none, in bytes.
const LONGEST_NAME: usize = 80;

/// What is called, and for whom.
pub(super) struct Target {
    pub(super) operation: &'static Operation,
    pub(super) account: String,
}

/// The operation of this name. Where no provider is named it is the one that has it.
///
/// # Errors
/// There is none, and what is spelt alike of what the key is for.
pub(super) fn operation(
    provider: Option<&str>,
    name: Option<&str>,
    part: &openapi::Part,
) -> Result<&'static Operation, Problem> {
    let Some(name) = name else {
        let message = "is missing; search-operations finds names";
        return Err(Problem::from(FieldError::new("operation", message)));
    };
    if let Some(provider) = provider
        && catalogue::operations(provider).is_none()
    {
        return Ok(dynamic::operation(provider, name)?);
    }
    let providers: Vec<_> =
        catalogue::providers().filter(|one| provider.is_none_or(|named| named == *one)).collect();
    if let Some(found) = providers.iter().find_map(|one| catalogue::find(one, name).ok()) {
        return Ok(found);
    }
    let all = providers.iter().filter_map(|one| catalogue::operations(one)).flatten();
    let known = all.filter(|operation| part.has(operation)).map(|operation| operation.name);
    let hint =
        catalogue::nearest(name, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let shown = penstock::policy::shown::visible_within(name, LONGEST_NAME);
    Err(Problem::from(FieldError::new("operation", format!("`{shown}` is not known{hint}"))))
}

impl<H: Host + 'static> Session<'_, '_, H> {
    /// Whose key it is.
    pub(super) fn key(&self) -> Option<&Key> {
        self.visit.reader()
    }

    /// The operation, for an account: the one that is named, the only one that the key is for, or the
    /// default one.
    ///
    /// # Errors
    /// An operation that is not known.
    pub(super) fn target(
        &self,
        provider: Option<&str>,
        name: Option<&str>,
        account: Option<String>,
    ) -> Result<Target, Problem> {
        let part = self.key().map(openapi::Part::of).unwrap_or_default();
        let operation = operation(provider, name, &part)?;
        Ok(Target { operation, account: self.account(account) })
    }

    pub(super) fn account(&self, given: Option<String>) -> String {
        let only = || {
            let accounts = self.key()?.accounts.as_ref()?;
            accounts.first().filter(|_| accounts.len() == 1).cloned()
        };
        given.or_else(only).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }

    /// How a call for an account is made.
    ///
    /// # Errors
    /// Header fields that do not fit.
    pub(super) fn options(&self, account: &str) -> Result<CallOptions, Problem> {
        serve::options(self.head, account.to_owned())
    }

    /// The request under `/v1` that a call is.
    pub(super) fn request(&self, target: &Target, idempotency_key: Option<&str>) -> Result<Head, Problem> {
        let mut headers = HeaderMap::new();
        for name in PASSED_ON {
            if let Some(value) = self.head.headers.get(name) {
                headers.insert(HeaderName::from_static(name), value.clone());
            }
        }
        if let Some(key) = idempotency_key {
            let wrong = || FieldError::new("idempotencyKey", "must be 1 to 255 printable ASCII characters");
            let fits = (1..=255).contains(&key.len())
                && key.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
            let value = HeaderValue::from_str(&format!("\"{key}\"")).ok().filter(|_| fits);
            headers.insert(crate::idempotency::IDEMPOTENCY_KEY, value.ok_or_else(wrong)?);
        }
        let Target { operation, account } = target;
        let target = format!("/v1/{}/{}/_invoke/{}", operation.provider, encoded(account), operation.name);
        Ok(Head { method: Method::POST, target, headers })
    }

    /// Lets the call in, as the entrance would under `/v1`.
    ///
    /// # Errors
    /// 403 and 429.
    pub(super) async fn enter(&mut self, target: &Target) -> Result<(), Problem> {
        self.visit.enter_call(target.operation, &target.account).await
    }

    /// Makes a call that answers with one value, once it was let in.
    ///
    /// # Errors
    /// All that can go wrong with it.
    pub(super) async fn made(
        &self,
        target: &Target,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: CallOptions,
        idempotency_key: Option<&str>,
    ) -> Result<Response<String>, Problem> {
        let head = self.request(target, idempotency_key)?;
        if target.operation.effect != Effect::Read {
            self.cancellation.is_late();
        }
        let api_key = self.visit.api_key();
        let asked = Asked { api_key, operation: target.operation, parameters, body, options };
        let called = call::call(self.gateway, &head, asked, Parameters::default()).await;
        match called {
            Ok(Answer::Whole(response)) => Ok(response),
            Ok(_) => Err(Problem::from(FieldError::new("operation", "does not answer with one value"))),
            Err(problem) => Err(unknown_account::told(self.gateway, &head, problem).await),
        }
    }

    /// The problem of a read, told better where its account has no settings at all.
    pub(super) async fn told(&self, target: &Target, problem: Problem) -> Problem {
        match self.request(target, None) {
            Ok(head) => unknown_account::told(self.gateway, &head, problem).await,
            Err(_) => problem,
        }
    }
}
