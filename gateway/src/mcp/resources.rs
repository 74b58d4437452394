//! Resources: files, by URIs that name operation and parameters.

use super::{
    cancelling::unless,
    fetching::{self, USUAL_BYTES},
    messages::{Replied, Session, kept, result},
    revision::Revision,
    rpc::{self, Error, INTERNAL_ERROR, INVALID_PARAMS},
};
use crate::{
    answer::json,
    request::{Parameters, decode},
};
use http::StatusCode;
use penstock::{entry::dynamic::MadeOf, host::Host};
use serde::Deserialize;
use std::rc::Rc;

/// What the URI of a file begins with.
pub(super) const SCHEME: &str = "penstock://";

/// How long the lists are fresh, in milliseconds: they change with the program alone.
const FRESH: u64 = 3_600_000;

#[derive(Deserialize)]
struct Read {
    uri: String,
}

/// The result of `resources/list`: there are too many files to name any.
pub(super) fn list(revision: Revision) -> String {
    result(revision, |out| {
        out.array("resources", |_| {});
        kept(out, revision, FRESH, "public");
    })
}

/// The result of `resources/templates/list`.
pub(super) fn templates(revision: Revision) -> String {
    result(revision, |out| {
        out.array("resourceTemplates", |out| {
            out.object(|out| {
                out.value("uriTemplate", format!("{SCHEME}{{provider}}/{{account}}/{{operation}}{{?parameters*}}"));
                out.value("name", "file");
                out.value(
                    "description",
                    "The file of an operation that answers with one, such as the recording of a phone call; search-operations and describe-operation say which and with what parameters.",
                );
            });
        });
        kept(out, revision, FRESH, "public");
    })
}

/// Answers `resources/read`.
///
/// # Errors
/// A URI that leads to nothing, and whatever goes wrong.
pub(super) async fn read<H: Host + 'static>(
    mut session: Session<'_, '_, H>,
    params: &str,
) -> Result<Replied<H>, Error> {
    let Read { uri } = serde_json::from_str(params)
        .map_err(|error| Error::params(format!("`resources/read` wants a `uri`: {error}")))?;
    let unknown = || Error {
        data: Some(format!(r#"{{"uri":{}}}"#, json(&uri))),
        ..Error::params("there is no such resource".to_owned())
    };
    let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    let path = path.strip_prefix(SCHEME).ok_or_else(unknown)?;
    let mut parts = path.split('/').map(decode);
    let (Some(Some(provider)), Some(Some(account)), Some(Some(name)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(unknown());
    };
    let Parameters(parameters) = Parameters::parse(query).map_err(|_| unknown())?;
    let target = session.target(Some(&provider), Some(&name), Some(account)).map_err(|_| unknown())?;
    if !target.operation.file {
        return Err(unknown());
    }
    let cancellation = Rc::clone(&session.cancellation);
    let fetching = fetching::fetch(&mut session, target, &parameters, USUAL_BYTES);
    let fetched = match unless(&cancellation, fetching).await? {
        Ok(fetched) => fetched,
        Err(output) => {
            // What was asked for does not fit, or is not there; anything else went wrong with it.
            let is_params = matches!(output.conclusion.status, Some(400 | 404 | 422));
            session.visit.conclude_call(output.conclusion);
            let code = if is_params { INVALID_PARAMS } else { INTERNAL_ERROR };
            let error = Error::new(StatusCode::OK, code, output.text);
            return Err(Error { data: Some(output.structured), ..error });
        }
    };
    session.visit.conclude_call(fetched.conclusion());
    let revision = session.revision;
    let result = result(revision, |out| {
        out.array("contents", |out| out.raw_element(&fetched.contents()));
        // It may be another one at any time, and is for whoever has this key.
        kept(out, revision, 0, "private");
    });
    Ok(Replied::Whole { result: rpc::result(session.id, &result), made_of: MadeOf::default() })
}
