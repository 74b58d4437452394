//! A request that is shown, and not sent.

use super::{calling::Target, making::heading, messages::Session, output::Output};
use crate::openapi;
use penstock::{contract::catalogue::Effect, entry::dry_run, host::Host, settings::common::Role};

/// What stands for the account's tenant: whoever looks at a request need not know it.
const TENANT: &str = "tenant";

/// Shows what a call would send. A key that may not make it is told so.
///
/// # Errors
/// What does not fit, and what the key is not for, as a result.
pub(super) async fn shown<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    target: &Target,
    parameters: &[(String, String)],
    body: Option<&str>,
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
    Ok(Output::own(format!("{text}."), |out| {
        heading(out, target);
        out.value("effect", openapi::effect(operation.effect));
        out.value("outcome", "not-sent");
        out.value("needsRole", needs);
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
            if let Some(body) = &planned.body {
                out.raw("body", body);
            }
        });
    }))
}
