//! The Rust side of the interfaces that are the same for all providers, for WASI 0.2, made by wit-bindgen from the
//! contract that the build derived (`build/p2`). Types that both flavours have are those of `contract::bindings`.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::semicolon_if_nothing_returned,
    clippy::uninlined_format_args,
    reason = "generated code; the WIT carries the documentation, and the canonical ABI is unsafe by nature"
)]

include!(concat!(env!("OUT_DIR"), "/bindings_p2.rs"));
