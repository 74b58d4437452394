//! Every operation of every provider as a method, made from the contract when this crate is
//! built: `plugin.servicetitan().jpm().jobs_list(query)` is a [`Call`](crate::Call) that is
//! made when it is awaited.
//!
//! Each interface is a feature of this crate, `servicetitan-jpm`, `asleep`...; all of them are
//! on unless `default-features = false`. An operation whose feature is off can be called by
//! its name all the same ([`Plugin::invoke`](crate::Plugin::invoke)).
//!
//! What an operation does, needs and answers with stands in its documentation. The records
//! are those of [`bindings`](crate::bindings).

#[allow(missing_docs, clippy::too_many_arguments, reason = "generated; the documentation stands in wit/")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/providers.rs"));
}

pub use generated::*;
