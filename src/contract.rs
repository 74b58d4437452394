//! The shared types of the contract, as the client uses them.
//!
//! They are the ones that wit-bindgen makes from `wit/connector/types.wit`, so
//! that a failure made deep in the client reaches the caller unchanged.

pub mod abi;
pub mod bindings;
pub mod catalogue;
#[cfg(all(target_family = "wasm", feature = "p2"))]
pub mod p2;

pub use self::bindings::exports::penstock::connector::files::FileInfo;
pub use self::bindings::exports::penstock::connector::types::{
    AnswerInfo, AnswerSource, Attempt, CallOptions, Failure, FailureKind, FieldError, Instant, ListEnd,
    Misfit, OnMisfit, Outcome, PageInfo, PageRequest, RetryAdvice,
};

/// The names of their cases, as the WIT spells them; `build/cases.rs` writes them.
mod cases {
    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}

/// Options that say nothing: the settings decide.
impl Default for CallOptions {
    fn default() -> CallOptions {
        CallOptions {
            account: None,
            deadline_ms: None,
            resume: None,
            correlation_id: None,
            fresh: false,
            accept_stale: false,
            fallback: None,
            allow_resend: false,
            page_size: None,
            window: None,
            on_misfit: None,
        }
    }
}
