//! A request that is shown, and not sent.

use super::{calling::Target, making::heading, messages::Session, output::Output, selecting::cut};
use crate::openapi;
use penstock::{contract::catalogue::Effect, entry::dry_run, host::Host, settings::common::Role};

/// What stands for the account's tenant: whoever looks at a request need not know it.
const TENANT: &str = "tenant";

/// Shows what a call would send, of its body so many bytes at most. A key that may not make it is told so.
///
/// # Errors
/// What does not fit, and what the key is not for, as a result.
pub(super) async fn shown<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    target: &Target,
    parameters: &[(String, String)],
    body: Option<&str>,
    most: usize,
) -> Result<Output, Box<Output>> {
    let operation = target.operation;
    session.visit.may(operation, &target.account)?;
    let planned = dry_run::plan(operation, parameters, body, TENANT)?;
    let needs = Role::needed(operation.effect).name();
    let mut text =
        format!("Nothing was sent. {} would send {} {}", operation.name, planned.method, planned.path);
    if planned.composed {
        text.push_str("; it is put together from several requests, and this names it only");
    }
    if operation.effect != Effect::Read {
        text.push_str(&format!(". To make it, leave dryRun out and give confirm = \"{}\"", operation.name));
    }
    let body = planned.body.as_deref().map(|body| cut(body, most));
    let is_cut = body.as_ref().is_some_and(|body| body.left_out.is_some());
    if is_cut {
        text.push_str(". Of the body that was given only a part is shown here");
    }
    Ok(Output::own(format!("{text}."), |out| {
        heading(out, target);
        out.value("effect", openapi::effect(operation.effect));
        out.value("outcome", "not-sent");
        out.value("needsRole", needs);
        if is_cut {
            out.value("leftOut", "a part of the request's body: `maxBytes` bounds what is shown");
        }
        out.member("request", |out| {
            out.value("method", planned.method);
            out.value("path", &planned.path);
            for (name, pairs) in [("query", &planned.query), ("headers", &planned.headers)] {
                out.array(name, |out| {
                    for (name, value) in pairs {
                        out.object(|out| {
                            out.value("name", name);
                            out.value("value", value);
                        });
                    }
                });
            }
            if let Some(body) = &body {
                out.raw("body", &body.kept);
            }
        });
    }))
}
