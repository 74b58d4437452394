//! The Rust side of `wit/`, made by wit-bindgen.
//!
//! It compiles natively too, where imports panic if called: the types serve the native
//! tests, and nothing native calls an import. The export macro is called by `plugin/`
//! alone.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::semicolon_if_nothing_returned,
    clippy::uninlined_format_args,
    reason = "generated code; the WIT carries the documentation, and the canonical ABI is unsafe by nature"
)]

wit_bindgen::generate!({
    path: ["wit/connector", "wit/host", "wit/servicetitan", "wit/asleep", "wit/plugin"],
    world: "penstock:plugin/plugin@0.1.0",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize, PartialEq, Clone],
    pub_export_macro: true,
    default_bindings_module: "penstock::bindings",
});
