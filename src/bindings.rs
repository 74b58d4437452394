#![allow(missing_docs, unsafe_code)]
wit_bindgen::generate!({
    path: ["wit/connector", "wit/host", "wit/servicetitan", "wit/plugin"],
    world: "penstock:plugin/plugin@0.1.0",
    generate_all,
    additional_derives: [serde::Serialize, serde::Deserialize, PartialEq, Clone],
    pub_export_macro: true,
    default_bindings_module: "penstock::bindings",
});
