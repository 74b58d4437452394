//! The outbound rate limiter: who may send next, and when.
//!
//! A *limit group* is everything that a provider counts together: the requests of one app
//! for one tenant, or the runs of one report. [`group::Group`] is such a group in one
//! instance: callers take turns ([`queue`]), a 429 holds all of them ([`backoff_window`]), and
//! what a provider takes at once is learned ([`concurrency`]), and
//! slots come at a pace that no window of the limit's length can exceed ([`gcra`] alone,
//! [`shared`] together with other instances, [`source`] to choose between them).
//! [`inflight`] bounds the requests under way of all groups. Everything is synchronous:
//! a rate slot and a place in flight are taken together, at the instant of sending.

pub mod adaptive;
pub mod backoff_window;
pub mod concurrency;
pub mod gcra;
pub mod group;
pub mod inflight;
pub mod queue;
pub mod shared;
pub mod source;
