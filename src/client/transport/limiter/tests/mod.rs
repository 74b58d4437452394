//! Limiter in virtual time.

mod faults;
mod fleet;
mod gate;
mod local;
mod places;
mod shared;
