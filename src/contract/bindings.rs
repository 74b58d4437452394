//! The Rust side of the interfaces that are the same for all providers, made by
//! wit-bindgen. The providers' own have tables instead (`abi`); together they are the
//! world of `wit/plugin`.
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

macro_rules! bindings {
($world:literal) => {
wit_bindgen::generate!({
    path: ["wit/connector", "wit/host"],
    inline: "
        package penstock:core;

        world core {
            import penstock:host/types@0.1.0;
            import penstock:host/secrets@0.1.0;
            import penstock:host/config@0.1.0;
            import penstock:host/state@0.1.0;

            export penstock:connector/types@0.1.0;
            export penstock:connector/operations@0.1.0;
            export penstock:connector/admin@0.1.0;
            export penstock:connector/files@0.1.0;
        }

        world core-with-files {
            include core;
            export penstock:connector/transfers@0.1.0;
        }

        world core-with-webhooks {
            include core;
            export penstock:connector/webhooks@0.1.0;
        }

        world core-with-both {
            include core-with-files;
            include core-with-webhooks;
        }
    ",
    world: $world,
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, Clone],
    // A stream belongs to one.
    additional_derives_ignore: ["download", "upload"],
    pub_export_macro: true,
    default_bindings_module: "penstock::contract::bindings",
});
};
}

#[cfg(not(any(feature = "files", feature = "webhooks")))]
bindings!("core");
#[cfg(all(feature = "files", not(feature = "webhooks")))]
bindings!("core-with-files");
#[cfg(all(not(feature = "files"), feature = "webhooks"))]
bindings!("core-with-webhooks");
#[cfg(all(feature = "files", feature = "webhooks"))]
bindings!("core-with-both");
