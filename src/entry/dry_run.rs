//! What a call would send, without sending it: for whoever wants to see a request before it is made.

use super::dynamic::prepare;
use crate::{
    codec::url::path_and_query,
    contract::{Failure, catalogue::Operation},
};

/// A request as the provider would get it, without what proves who asks: no token, no key, no header
/// field of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, percent-encoded. The account's tenant, if the path has one, stands there as the text
    /// that was given for it.
    pub path: String,
    /// The query by names, not encoded, in the order in which it goes out.
    pub query: Vec<(&'static str, String)>,
    /// The parameters that go out as header fields, by the names of these.
    pub headers: Vec<(&'static str, String)>,
    /// The body as the provider gets it, JSON.
    pub body: Option<String>,
    /// Whether the operation is put together from others: method and path are then only its name.
    pub composed: bool,
}

/// Checks a call as [`invoke`](super::dynamic::invoke) does before it sends anything, and tells what
/// would be sent. `tenant` is what stands for the tenant. What a list adds for its pages is left out.
///
/// # Errors
/// `bad-input` that names everything that does not fit.
pub fn plan(
    operation: &'static Operation,
    parameters: &[(String, String)],
    body: Option<&str>,
    tenant: &str,
) -> Result<Planned, Failure> {
    let (resolved, _) = prepare(operation, parameters, body, true)?;
    let call = resolved.call;
    call.check_any_of().map_err(|failure| failure.of(operation.name, "", Vec::new()))?;
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for (name, value) in call.query {
        match operation.header(name) {
            Some(field) => headers.push((field, value)),
            None => query.push((name, value)),
        }
    }
    Ok(Planned {
        method: operation.method.as_str(),
        path: path_and_query(operation, tenant, &call.segments, &[]),
        query,
        headers,
        body: call.body.map(|body| String::from_utf8_lossy(&body).into_owned()),
        composed: operation.composed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::catalogue;

    fn planned(name: &str, parameters: &[(&str, &str)], body: Option<&str>) -> Result<Planned, Failure> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters: Vec<_> = parameters.iter().map(own).collect();
        plan(catalogue::find("servicetitan", name).unwrap(), &parameters, body, "TENANT")
    }

    #[test]
    fn a_write_is_shown_as_it_would_go_out() {
        let shown = planned("jpm.jobs-create-note", &[("id", "42")], Some(r#"{"text": "hello"}"#)).unwrap();
        assert_eq!((shown.method, shown.path.as_str()), ("POST", "/jpm/v2/tenant/TENANT/jobs/42/notes"));
        assert_eq!(shown.body.as_deref(), Some(r#"{"text":"hello"}"#));
    }

    #[test]
    fn what_would_be_refused_is_refused() {
        let failure = planned("jpm.jobs-create-note", &[("idd", "x")], None).unwrap_err();
        let fields: Vec<_> = failure.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["id", "idd", "body"]);
    }
}
