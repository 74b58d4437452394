//! Reports that are answered later: started, asked for, given up.

use crate::servicetitan::reporting::{Asked, rows};
use crate::{
    answer::Answer,
    random::mix,
    servicetitan::{data::Tenant, errors::ApiError, operations::Call},
};
use serde_json::json;

/// What the tokens begin with.
const OURS: &str = "rq-";

#[derive(Debug)]
pub(crate) struct Started {
    asked: Asked,
    /// How often it says that it is not ready.
    left: u32,
}

pub(super) fn is_ours(token: &str) -> bool {
    token.starts_with(OURS)
}

pub(super) fn start(call: &Call<'_>, data: &mut Tenant, asked: Asked) -> Answer {
    let reports = &mut data.reports;
    reports.count += 1;
    let token = format!("{OURS}{:016x}", mix(call.world.config.seed, reports.count));
    reports.started.insert(token.clone(), Started { asked, left: call.world.config.report_questions });
    pending("NotStarted", &token)
}

/// 202 until it is ready, and then its rows: for as often as they are asked for.
pub(super) fn ask(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let token = call.text_of("token");
    let started = data.reports.started.get_mut(token).ok_or_else(|| absent(token))?;
    if started.left > 0 {
        started.left -= 1;
        return Ok(pending("InProgress", token));
    }
    let asked = started.asked.clone();
    Ok(rows::page(data, &asked, false))
}

pub(super) fn cancel(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let token = call.text_of("token");
    data.reports
        .started
        .remove(token)
        .map(|_| Answer { status: 204, ..Answer::empty() })
        .ok_or_else(|| absent(token))
}

fn absent(token: &str) -> ApiError {
    ApiError::new(404, format!("There is no report with the token {token}."))
}

fn pending(status: &str, token: &str) -> Answer {
    let mut answer =
        Answer { status: 202, ..Answer::json(json!({ "status": status, "token": token }).to_string()) };
    answer.headers.push(("retry-after", "1".to_owned()));
    answer
}
