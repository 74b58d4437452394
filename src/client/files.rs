//! Calls that move a file.
//!
//! To the policies they are calls like others, until the file is found or its first byte is
//! sent. [`find`] asks for a file and follows redirects to it, [`download`] hands its bytes
//! on, [`moving`] watches the bytes of one that is sent.

mod download;
mod find;
mod moving;

pub use download::Download;
pub(crate) use find::FoundFile;
pub(crate) use moving::{check_size, while_moving};
