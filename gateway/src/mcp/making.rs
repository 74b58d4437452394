//! `call-operation`: one call that answers with one value.

use super::{
    arguments::{self, Call, within},
    calling::Target,
    confirmation, dry_run,
    messages::Session,
    output::Output,
    selecting::{cut, is_pointer, pointed},
};
use crate::{
    answer::CALL_ID, entrance::audit::Conclusion, idempotency::REPLAYED, invoke::texts, openapi,
    problem::Problem,
};
use http::Response;
use penstock::{
    contract::{FieldError, catalogue::Effect},
    entry::dynamic::MadeOf,
    host::Host,
    settings::common::Role,
};
use serde_json::value::RawValue;

/// How much of an answer is given, in bytes, unless its caller says something else.
pub(super) const USUAL_BYTES: usize = 64 << 10;
/// The least that can be asked for.
pub(super) const LEAST_BYTES: usize = 1 << 10;
/// The most: what agents can do with more is little, and it is charged to whoever reads it.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// Makes the call, or shows it.
///
/// # Errors
/// What does not fit and what goes wrong, as a result.
pub(super) async fn call<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    json: &str,
    named: Option<&'static str>,
) -> Result<Output, Box<Output>> {
    let call: Call = arguments::read(json)?;
    let given = call.operation.as_deref();
    let target = session.target(call.provider.as_deref(), own(named, given)?, call.account.clone())?;
    let operation = target.operation;
    let parameters = texts("parameters", call.parameters)?;
    let most = within("maxBytes", call.max_bytes, USUAL_BYTES, LEAST_BYTES, MOST_BYTES)?;
    let body = call.body.map(|body| body.get().to_owned());
    if call.dry_run {
        return dry_run::shown(session, &target, &parameters, body.as_deref(), most).await;
    }
    suits(&target)?;
    if call.select.as_deref().is_some_and(|pointer| !is_pointer(pointer)) {
        return Err(FieldError::new("select", "must be a JSON Pointer such as /customer/name").into());
    }
    // The role before the confirmation: nobody is asked for what would be refused.
    session.visit.may(operation, &target.account)?;
    if session.role().await >= Role::needed(operation.effect) {
        confirmation::check(operation, call.confirm.as_deref())?;
    }
    session.enter(&target).await?;
    let mut options = session.options(&target.account)?;
    options.fresh = call.fresh;
    let key = call.idempotency_key.as_deref();
    let response = session.made(&target, parameters, body, options, key).await?;
    Ok(answered(response, &target, call.select.as_deref(), most, call.as_text))
}

/// The name of an operation: that of the tool, or the one that is given.
///
/// # Errors
/// The tool has one, and another is given.
pub(super) fn own<'a>(
    tool: Option<&'static str>,
    given: Option<&'a str>,
) -> Result<Option<&'a str>, Problem> {
    match (tool, given) {
        (Some(tool), Some(given)) if given != tool => {
            Err(Problem::from(FieldError::new("operation", "is not for this tool, which has its own")))
        }
        (Some(tool), _) => Ok(Some(tool)),
        (None, given) => Ok(given),
    }
}

/// Whether it answers with one value, and takes JSON.
fn suits(target: &Target) -> Result<(), Problem> {
    let operation = target.operation;
    let instead = if operation.is_list() {
        "is a list: use read-list, count or read-report"
    } else if operation.file {
        "answers with a file: use fetch-file"
    } else if operation.upload.is_some() {
        "takes a file: send it to its path under /v1, which describe-operation names"
    } else {
        return Ok(());
    };
    Err(Problem::from(FieldError::new("operation", format!("`{}` {instead}", operation.name))))
}

fn answered(
    mut response: Response<String>,
    target: &Target,
    select: Option<&str>,
    most: usize,
    as_text: bool,
) -> Output {
    let conclusion = Conclusion::of(&response);
    let made_of = response.extensions_mut().remove::<MadeOf>().unwrap_or_default();
    let field = |name: &http::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    let call_id = field(&CALL_ID).map(str::to_owned);
    let is_replayed = field(&REPLAYED).is_some();
    let body = response.body();
    // Of what the contract knows no answer, it may be any text.
    let is_json = target.operation.answer.is_some() || serde_json::from_str::<&RawValue>(body).is_ok();
    let shown = match (body.is_empty(), is_json) {
        (true, _) => "null".to_owned(),
        (_, true) => body.clone(),
        (_, false) => crate::answer::json(body),
    };
    let part = select.map(|pointer| pointed(&shown, pointer));
    let is_write = target.operation.effect != Effect::Read;
    let cut = match part {
        Some(None) => cut("null", most),
        Some(Some(part)) => cut(part, most),
        None => cut(&shown, most),
    };
    let outcome = if is_write { "It took effect: do not repeat it." } else { "Done." };
    let mut text = format!("{} of {}: {outcome}", target.operation.name, target.operation.provider);
    if part == Some(None) {
        text.push_str(" The answer has nothing at `select`.");
    }
    if let Some(left_out) = &cut.left_out {
        text = format!("{text} {left_out}.");
    }
    let output = Output::data(&text, as_text, |out| {
        heading(out, target);
        out.value("effect", openapi::effect(target.operation.effect));
        if is_write {
            out.value("outcome", "applied");
        }
        out.raw("answer", &cut.kept);
        if let Some(left_out) = &cut.left_out {
            out.value("leftOut", left_out);
        }
        if let Some(id) = &call_id {
            out.value("callId", id);
        }
        if is_replayed {
            out.value("replayed", true);
        }
    });
    Output { made_of, conclusion, ..output }
}

/// What every result says of what was called.
pub(super) fn heading(out: &mut openapi::Json, target: &Target) {
    out.value("provider", target.operation.provider);
    out.value("operation", target.operation.name);
    out.value("account", &target.account);
}
