//! The embedding itself.

mod calls;
mod gateway;
mod lists;
mod outbound;
mod tls;
mod traps;
mod whole;
