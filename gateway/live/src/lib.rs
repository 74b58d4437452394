//! `/live` as a component of its own: a few kilobytes that import no store, no variable and no
//! network, so that no trouble with any of these, nor an instance of the gateway that waits or
//! computes, keeps it from answering.
//!
//! The gateway answers `/live` with the same, for hosts in which it is the only component.

/// What it answers with 200, after draft-inadarei-api-health-check-06.
pub const BODY: &str = concat!(r#"{"status":"pass","releaseId":""#, env!("CARGO_PKG_VERSION"), r#""}"#);

/// The fields of its answers.
pub const HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/health+json"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
];

#[cfg(target_family = "wasm")]
mod component;
