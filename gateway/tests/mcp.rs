//! The endpoint for agents, against the whole gateway but its binding to Spin.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "mcp/agent.rs"]
mod agent;
#[path = "mcp/bounds.rs"]
mod bounds;
#[path = "mcp/entrance.rs"]
mod entrance;
#[path = "openapi/example.rs"]
mod example;
mod fake;
#[path = "mcp/files.rs"]
mod files;
#[path = "mcp/handshake.rs"]
mod handshake;
#[path = "mcp/keep_alive.rs"]
mod keep_alive;
#[path = "mcp/poison.rs"]
mod poison;
#[path = "openapi/schema.rs"]
mod schema;
#[path = "mcp/searching.rs"]
mod searching;
#[path = "mcp/told.rs"]
mod told;
#[path = "mcp/tools.rs"]
mod tools;
#[path = "mcp/under_way.rs"]
mod under_way;
#[path = "mcp/writes.rs"]
mod writes;
