//! The embedding itself.

mod calls;
mod lists;
mod outbound;
mod tls;
mod traps;
