//! Files as HTTP carries them: their names, where they are, and the form that they are
//! sent in. All of it is pure; `client::files` moves the bytes.

pub mod disposition;
pub mod location;
mod multipart;
pub(crate) mod no_file;
pub mod range;
mod upload;

pub(crate) use multipart::Multipart;
pub(crate) use range::{Rest, validator};
pub use upload::{Broken, Upload};
