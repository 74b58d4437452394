//! Whether a gateway that runs is well.

use super::{PATIENCE, check::Check};
use crate::ask::{ask, told};
use http::header;
use penstock_host::http::Outbound;
use serde_json::Value;

const CURE: &str = "`docs/gateway.md` says what each check of /health means";

/// Its `/health`, its counters and its version.
pub(super) async fn checks(outbound: &Outbound, url: &str, key: Option<&str>) -> Vec<Check> {
    let url = url.trim_end_matches('/');
    let health = match ask(outbound, &format!("{url}/health"), key, PATIENCE).await {
        Ok(answer) => answer,
        Err(error) => {
            let (why, cure) = told(&error);
            return vec![Check::fail("gateway", format!("{url} {why}"), cure)];
        }
    };
    let document: Value = serde_json::from_slice(&health.body).unwrap_or_default();
    let status = text(&document, "status").unwrap_or("nothing that is known");
    let worst = failing(&document);
    let message = format!("{url}/health says {status}{worst} (HTTP {})", health.status);
    let mut checks = vec![match (health.status, status) {
        (200, "pass") => Check::pass("gateway", message).took(health.took),
        (200, "warn") => Check::warn("gateway", message, CURE).took(health.took),
        _ => Check::fail("gateway", message, CURE),
    }];
    checks.push(version(text(&document, "releaseId")));
    checks.push(metrics(outbound, url, key).await);
    checks
}

fn text<'a>(document: &'a Value, member: &str) -> Option<&'a str> {
    document.get(member).and_then(Value::as_str)
}

/// The names of what is not well.
fn failing(document: &Value) -> String {
    let Some(all) = document.get("checks").and_then(Value::as_object) else { return String::new() };
    let is_bad = |checks: &Value| {
        checks
            .as_array()
            .is_some_and(|checks| checks.iter().any(|check| text(check, "status") != Some("pass")))
    };
    let bad: Vec<_> =
        all.iter().filter(|(_, checks)| is_bad(checks)).map(|(name, _)| name.as_str()).collect();
    if bad.is_empty() { String::new() } else { format!(" because of {}", bad.join(", ")) }
}

fn version(theirs: Option<&str>) -> Check {
    let ours = env!("CARGO_PKG_VERSION");
    match theirs {
        Some(theirs) if theirs == ours => {
            Check::pass("version", format!("the gateway and this program are {ours}"))
        }
        Some(theirs) => Check::warn(
            "version",
            format!("the gateway is {theirs} and this program {ours}"),
            "deploy them together",
        ),
        None => Check::skip("version", "the gateway says none"),
    }
}

async fn metrics(outbound: &Outbound, url: &str, key: Option<&str>) -> Check {
    let Some(key) = key else {
        return Check::skip("metrics", "they need a key: set PENSTOCK_API_KEY");
    };
    match ask(outbound, &format!("{url}/metrics"), Some(key), PATIENCE).await {
        Ok(answer) if answer.status == 200 => {
            let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let text = String::from_utf8_lossy(&answer.body);
            let families = text.lines().filter(|line| line.starts_with("# TYPE penstock_")).count();
            match kind.is_some_and(|kind| kind.starts_with("text/plain"))
                && families > 0
                && text.ends_with('\n')
            {
                true => Check::pass("metrics", format!("{families} families of counters")).took(answer.took),
                false => Check::fail("metrics", format!("{url}/metrics is no text of Prometheus"), CURE),
            }
        }
        Ok(answer) => Check::fail(
            "metrics",
            format!("{url}/metrics answers with HTTP {}", answer.status),
            "look whether PENSTOCK_API_KEY is one of the gateway's keys, and may see them",
        ),
        Err(error) => {
            let (why, cure) = told(&error);
            Check::fail("metrics", format!("{url}/metrics {why}"), cure)
        }
    }
}
