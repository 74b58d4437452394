//! WASI 0.3.0 as far as it is used, made from `wit/wasi`.
//!
//! Crates that bind all of it import the newest patch version, which some hosts do not know yet: jco maps
//! `@0.3.0` alone. Nothing here needs more. The interfaces are whole, since the linker merges them with those of
//! other crates in the same component.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::must_use_candidate,
    clippy::semicolon_if_nothing_returned,
    clippy::uninlined_format_args,
    reason = "generated code; the WIT carries the documentation, and the canonical ABI is unsafe by nature"
)]

wit_bindgen::generate!({
    path: ["wit/wasi/clocks", "wit/wasi/random", "wit/wasi/http"],
    inline: "
        package penstock:wasi;

        world wasi {
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:clocks/system-clock@0.3.0;
            import wasi:random/random@0.3.0;
            import wasi:http/client@0.3.0;
        }
    ",
    world: "penstock:wasi/wasi",
    generate_all,
});
