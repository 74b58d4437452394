//! The scripted server of the embedding's tests.

#[path = "../../../tests/e2e/support/files.rs"]
pub mod files;
#[path = "../../../tests/e2e/support/planted.rs"]
pub mod planted;
#[path = "../../../tests/e2e/support/server.rs"]
#[expect(dead_code, reason = "the embedding's tests need more of it")]
pub mod server;
