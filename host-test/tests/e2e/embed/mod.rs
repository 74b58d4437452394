//! The embedding itself.

mod calls;
mod lists;
mod outbound;
mod traps;
