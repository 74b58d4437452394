//! Limiter in virtual time.

mod backoff_window;
mod faults;
mod fleet;
mod local;
mod places;
mod shared;
