//! Penstock in a Rust service: the component, Wasmtime, and what the component needs
//! of its host.
//!
//! ```no_run
#![doc = include_str!("../examples/embed.rs")]
//! ```
//!
//! - [`Plugin`] runs the component and takes calls: every operation as a typed method
//!   ([`providers`]), or by its name ([`Plugin::invoke`], [`Plugin::list`]). [`Plugin::run`]
//!   makes any typed calls of the component.
//! - [`Environment`] is what the component may use of the service: [`sources`] of credentials
//!   and settings, a [`state`] store, the network ([`http`]), a place for log lines
//!   ([`logs`]) and [`Limits`].
//! - [`Engine`] compiles the component, which is part of this crate: nothing has to
//!   be installed beside the service.
//!
//! The component runs in Wasmtime's sandbox. It has no files, no sockets and no
//! environment variables, calls only the origins of an [`http::OutboundPolicy`], and
//! learns only the secrets that it asks for by name.
//!
//! When an instance ends by a trap, nothing that it was delivering looks whole: [`Records`] and
//! [`File`] end with [`Error::Instance`], which says whether the call may be repeated; over HTTP
//! ([`gateway`]) a body that has begun is broken off, and a request without a response gets a
//! problem document with the `outcome`.

pub mod bindings;
mod call;
mod effects;
mod engine;
mod environment;
mod error;
mod files;
pub mod gateway;
mod host_imports;
pub mod http;
mod instance;
pub mod key_value;
mod limits;
pub mod logs;
mod plugin;
pub mod providers;
mod records;
mod redis_client;
pub mod sources;
mod spin;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod state;
pub mod telemetry;
mod web;
mod worker;

pub use call::Call;
pub use effects::is_read;
pub use engine::{CodeCache, Engine, GATEWAY_WASM, LIVE_WASM, PLUGIN_WASM};
pub use environment::Environment;
pub use error::Error;
pub use files::{File, Outgoing};
pub use instance::HostState;
pub use limits::Limits;
#[doc(hidden)]
pub use limits::TrapAt;
pub use logs::Logs;
pub use plugin::Plugin;
pub use records::{Records, Stopped};
