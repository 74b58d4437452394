//! Whether the secret manager answers that credentials come from.

use super::check::Check;
use penstock_host::sources::{STANDING, Source};
use serde_json::Value;

/// By what the source of secrets says of it, once it was asked for some; none where there is no manager.
pub(super) async fn check(secrets: &dyn Source) -> Option<Check> {
    let found = secrets.get(STANDING).await.ok()??;
    let standing: Value = serde_json::from_str(found.expose()).ok()?;
    let manager = standing.get("manager").and_then(Value::as_str).unwrap_or_default();
    Some(match standing.get("trouble").and_then(Value::as_str) {
        None => Check::pass("secrets", format!("{manager} gives them")),
        Some(why) => Check::fail(
            "secrets",
            format!("{manager} gives none: {why}"),
            "docs/secrets.md has the settings, and what a client must be allowed to do",
        ),
    })
}
