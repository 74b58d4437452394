//! Policy as plain state machines.
//!
//! Whether to send again and when, how long a token lasts, which page comes next:
//! each question is one file here. Nothing in this module does I/O, reads a clock
//! or draws a random number. Time and randomness come in as values, and what to do
//! next goes out as a value, so that the same code runs in the component, natively
//! and in a simulator with virtual time. The client that acts on the answers lives
//! elsewhere.
//!
//! It is a package of its own, so that this rule holds by what it can reach, and so
//! that fuzzing and mutation testing build in seconds. The core re-exports it as
//! `penstock::policy`.
//!
//! | Question | File |
//! |---|---|
//! | When may I try again, by the answer's headers? | [`hint`] |
//! | What does this attempt mean, and did it take effect? | [`classify`] |
//! | Send again or give up? | [`retry`] |
//! | May anybody send again? | [`budget`] |
//! | Is the provider worth asking? | [`breaker`] |
//! | Is the access token good? | [`token`] |
//! | Which of two credentials? | [`rotation`] |
//! | Which page next, which to deliver, is this the end? | [`pager`] |
//! | Where does a later read go on? | [`resume`] |
//! | Who sends next, and when does the provider's limit allow it? | [`limiter`] |
//! | Does a kept answer serve? | [`cache`] |
//! | How much may one call take? | [`limits`] |
//! | How may the words of others be shown? | [`shown`] |

pub mod breaker;
pub mod budget;
pub mod cache;
pub mod classify;
pub mod digest;
pub mod failpoint;
pub mod hint;
pub mod limiter;
pub mod limits;
pub mod pager;
pub mod resume;
pub mod retry;
pub mod rotation;
pub mod secret;
pub mod shown;
mod sorted;
pub mod time;
pub mod token;
