//! The opaque text from which a later call goes on.
//!
//! The text is base64url without padding (RFC 4648, section 5) of an 8-byte
//! checksum and a JSON object. The checksum finds damage, such as a text that was
//! cut off; it is no signature. Whoever can call an operation may as well ask for
//! any of its pages.

use crate::failpoint::{Failpoint, on};
use crate::sorted::sorted;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digest::{Digest, digest};
use super::limits::Limits;
use super::pager::Position;

/// The version that is written. A change of shape or meaning gets a new one.
pub const VERSION: u32 = 5;

/// The oldest version that is read. It counted the records delivered of a feed's page;
/// from such a text the page is delivered again as a whole, since the count may name
/// other records by now.
pub const OLDEST_VERSION: u32 = 2;

/// Where a read goes on, and of which read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The list's name. Functions that read the same list in different ways (all
    /// pages, one page) share it, and so each other's texts.
    pub operation: String,
    /// [`query_hash`] of what was asked.
    pub query: u64,
    /// Whose list and where, such as `servicetitan tenant 42 in production@api.servicetitan.io`.
    /// Empty in texts before version 4.
    pub site: String,
    /// Where to go on.
    pub position: Position,
    /// Whether the read had come to its end. Going on then finds what was added
    /// since.
    pub done: bool,
    /// Whether the answers number the list's pages from 0, though they are asked for from 1: only
    /// the first page shows that. False in texts before version 5.
    pub from_0: bool,
}

/// Why a text cannot be gone on from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResumeError {
    /// Longer than any text that Penstock makes.
    #[error("is longer than {max} bytes")]
    TooLong {
        /// The bound, in bytes.
        max: usize,
    },
    /// Not a text that Penstock made, or altered or cut off since.
    #[error("is damaged or was not made by Penstock: pass it on exactly as it was given")]
    Damaged,
    /// Made by a version that this one does not know.
    #[error(
        "has version {found}, and this Penstock reads versions {OLDEST_VERSION} to {VERSION}: begin anew without it"
    )]
    Version {
        /// The text's version.
        found: u32,
    },
    /// Made by another operation.
    #[error("is from {found} and does not fit {asked}")]
    Operation {
        /// The text's operation.
        found: String,
        /// The operation that was called.
        asked: String,
    },
    /// Made for another tenant, environment or host.
    #[error("is from {found}, and this account is {asked}: begin anew without it")]
    Site {
        /// Whose list it was.
        found: String,
        /// Whose list was asked for.
        asked: String,
    },
    /// Made by the same operation with other parameters or another account.
    #[error("is from a call of {operation} with other parameters or another account: repeat those")]
    Query {
        /// The operation.
        operation: String,
    },
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u32,
    #[serde(rename = "o")]
    operation: String,
    #[serde(rename = "q")]
    query: u64,
    #[serde(rename = "w", default)]
    site: String,
    #[serde(rename = "p")]
    position: Position,
    #[serde(rename = "d")]
    done: bool,
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    from_0: bool,
}

const CHECKSUM_BYTES: usize = 8;

impl Resume {
    /// The text: letters, digits, `-` and `_`.
    #[must_use]
    pub fn encode(&self) -> String {
        let Self { operation, query, site, position, done, from_0 } = self.clone();
        let json = serde_json::to_vec(&Stored { v: VERSION, operation, query, site, position, done, from_0 });
        // Strings, integers and booleans always have a JSON form.
        let json = json.unwrap_or_default();
        let mut bytes = digest(&json).to_be_bytes().to_vec();
        bytes.extend_from_slice(&json);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text back, whatever call it is from.
    ///
    /// # Errors
    ///
    /// [`ResumeError::TooLong`], [`ResumeError::Damaged`], [`ResumeError::Version`].
    pub fn decode(text: &str, limits: &Limits) -> Result<Self, ResumeError> {
        let max = limits.max_resume_bytes;
        if text.len() > max {
            return Err(ResumeError::TooLong { max });
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ResumeError::Damaged)?;
        let (checksum, json) = bytes.split_first_chunk::<CHECKSUM_BYTES>().ok_or(ResumeError::Damaged)?;
        if u64::from_be_bytes(*checksum) != digest(json) {
            return Err(ResumeError::Damaged);
        }
        let Versioned { v } = serde_json::from_slice(json).map_err(|_| ResumeError::Damaged)?;
        if !(OLDEST_VERSION..=VERSION).contains(&v) {
            return Err(ResumeError::Version { found: v });
        }
        let stored: Stored = serde_json::from_slice(json).map_err(|_| ResumeError::Damaged)?;
        if let Position::Numbered { page_size: 0, .. } = stored.position {
            return Err(ResumeError::Damaged);
        }
        let Stored { operation, query, site, position, done, from_0, .. } = stored;
        Ok(Self { operation, query, site, position, done, from_0 })
    }

    /// Reads a text for one call.
    ///
    /// The page size is no part of the query: the position carries its own, and the
    /// read goes on with that one.
    ///
    /// # Errors
    ///
    /// Those of [`Resume::decode`], and [`ResumeError::Operation`], [`ResumeError::Site`] and
    /// [`ResumeError::Query`] for a text from a different call.
    pub fn read(
        text: &str,
        operation: &str,
        query: u64,
        site: &str,
        limits: &Limits,
    ) -> Result<Self, ResumeError> {
        let resume = Self::decode(text, limits)?;
        if resume.operation != operation {
            return Err(ResumeError::Operation { found: resume.operation, asked: operation.to_owned() });
        }
        if on(Failpoint::MixPositions) {
            return Ok(resume);
        }
        if !resume.site.is_empty() && resume.site != site {
            return Err(ResumeError::Site { found: resume.site, asked: site.to_owned() });
        }
        if resume.query != query {
            return Err(ResumeError::Query { operation: resume.operation });
        }
        Ok(resume)
    }
}

/// Stands for what was asked: the account and the parameters, in any order.
///
/// Leave out the page number, the page size, the total switch and an export's
/// `from`: they are part of the position or do not change the list. A request body
/// counts as one more parameter.
#[must_use]
pub fn query_hash<'q>(account: &str, parameters: impl IntoIterator<Item = (&'q str, &'q str)>) -> u64 {
    let parameters = sorted(parameters, |a, b| a < b);
    let hash = Digest::new().text(account);
    parameters.into_iter().fold(hash, |hash, (name, value)| hash.text(name).text(value)).finish()
}

#[cfg(test)]
mod tests;
