//! Named keys: who calls, what they may do, until when and how often.
//!
//! `PENSTOCK_API_KEYS` holds them, separated by commas or line breaks:
//!
//! ```text
//! billing=sha256:<64 hexadecimal digits>;role=operator;accounts=north|south;expires=2027-01-01,
//! dashboard=sha256:<64 hexadecimal digits>;modules=jpm|crm;rate=100/min;operations=jpm.jobs-list:5/min
//! ```
//!
//! | field | what it says | without it |
//! |---|---|---|
//! | `role` | `read-only`, `operator` or `admin`, within `PENSTOCK_ROLE` | `read-only` |
//! | `accounts`, `providers`, `modules` | the only ones that the key is for | all |
//! | `expires` | from when on it is refused: an instant of RFC 3339, or a date, whose midnight in UTC it is | never |
//! | `rate` | how often it may call: `10/s`, `100/min`, `1000/h`, `10000/d`, or several | as often as it likes |
//! | `operations` | how often it may call one operation, `jpm.jobs-list:5/min` | as often as `rate` says |
//!
//! Or as JSON, an array of objects with `name`, `hash` and the same fields, or an object that has such
//! objects by name; several values are then an array of texts, or one text with `|`.
//!
//! What is malformed is named by key and field, and one malformed key refuses the whole setting. Names
//! of keys are no secrets: they are logged, and shown where the setting is malformed.
//!
//! Rates hold over any longer time, and all of one may go at once: no window of its length ever holds
//! twice as many. They are counted in the store that instances share, if there is one.
//!
//! A key of `PENSTOCK_API_KEY_HASH` is called by the first eight digits of its hash, and may do
//! everything.

mod checked;
mod entries;
mod key;
mod quotas;
mod rate;
mod ring;
mod standing;

#[cfg(feature = "oidc")]
pub(crate) use checked::{known_modules, known_providers};
pub use key::{Counted, Key};
pub use quotas::{Overrun, Quotas};
pub use rate::{Rate, Unit};
pub use ring::KeyRing;
pub use standing::{Standing, policy, rate_name, standing};

#[cfg(test)]
mod tests;
