//! Rust types of the contract, made from `wit/`, and what calls of any function need.
//!
//! Every exported function is a `call_..` method that takes a [`Caller`], so that
//! many calls run at once on one instance. [`crate::Plugin::run`] hands one out; the methods
//! of [`providers`](crate::providers) do that by themselves.
//!
//! Records whose fields may all be left out have a `Default`:
//!
//! ```
//! use penstock_host::bindings::{jpm::JobsQuery, types::CallOptions};
//!
//! let query = JobsQuery { technician_id: Some(7), ..JobsQuery::default() };
//! let options = CallOptions { deadline_ms: Some(10_000), ..CallOptions::default() };
//! ```

use wasmtime::component::{Accessor, Func};

use crate::instance::HostState;

#[expect(missing_docs, clippy::derivable_impls, reason = "generated; the documentation stands in wit/")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use generated::{exports, penstock::host};

/// What is typed here of all that an instance exports: `guest.penstock_servicetitan_jpm()`...
pub use generated::Harness as Guest;
pub(crate) use generated::HarnessPre as GuestPre;

/// What a call needs besides its arguments.
pub type Caller = Accessor<HostState>;

/// A function of any interface that the component exports, also of those that have no
/// Rust types here: it is called with values that are made at run time
/// ([`Func::call_concurrent`]). Inside of [`crate::Plugin::run`]:
///
/// ```no_run
/// # use penstock_host::{Plugin, Error, bindings::function};
/// # async fn example(plugin: Plugin) -> Result<(), Error> {
/// use wasmtime::component::Val;
///
/// let tags = plugin.run(|caller, _| Box::pin(async move {
///     let function = function(caller, "penstock:servicetitan/telecom@0.1.0", "opt-outs-get-all")?;
///     let mut results = [Val::Bool(false)];
///     function.call_concurrent(caller, &[Val::Option(None)], &mut results).await?;
///     Ok(results)
/// })).await?;
/// # Ok(()) }
/// ```
///
/// Streams and futures among the results must be closed or turned into typed ones.
///
/// # Errors
/// There is no such interface, or it has no such function.
pub fn function(caller: &Caller, interface: &str, name: &str) -> wasmtime::Result<Func> {
    caller.with(|mut store| {
        let instance = store.get().instance();
        let instance = instance.ok_or_else(|| wasmtime::format_err!("the instance is not made yet"))?;
        let place = instance.get_export_index(&mut store, None, interface);
        let place = place.and_then(|place| instance.get_export_index(&mut store, Some(&place), name));
        let found = place.and_then(|place| instance.get_func(&mut store, place));
        found.ok_or_else(|| wasmtime::format_err!("the component has no {interface} with {name}"))
    })
}

/// What all providers share: values, options of calls, pages and failures.
pub use exports::penstock::connector::types;

/// Any operation by name.
pub use exports::penstock::connector::operations;

/// Health, metrics and what to forget.
pub use exports::penstock::connector::admin;

/// Files on their way from and to providers.
pub use exports::penstock::connector::files;

/// Files of any operation by its name.
pub use exports::penstock::connector::transfers;

/// What providers send by themselves.
pub use exports::penstock::connector::webhooks;

pub use generated::of_providers::*;
