//! The embedding itself.

mod calls;
mod gateway;
mod lists;
mod memory;
#[path = "../../simulator/tests/support/odd_answers.rs"]
mod odd_answers;
mod outbound;
mod stalled;
mod tls;
mod traps;
mod whole;
