//! The gateway's description of itself: `/openapi.json` (OpenAPI 3.1.1), and `/docs`, a page that
//! shows it to people.
//!
//! The document is made from the tables of operations, and of what stands in `openapi/fixed/`, when
//! somebody first asks for it; an instance keeps that one copy. It goes out in small pieces, so that
//! readers who take their time hold no further ones.
//!
//! Whoever may not call an operation is not to learn which there are, so that `/openapi.json` asks
//! for a key unless [`PUBLIC_DOCS`] says otherwise. The page itself holds nothing: it asks for
//! the key, and keeps it in memory.

mod docs;
mod document;
mod json;
mod operation;
mod parameters;
mod places;
mod schemas;
mod types;

use crate::{
    answer::{self, JSON},
    lines::Lines,
    listing::{Bytes, Ended},
    serve::Answer,
    settings::PUBLIC_DOCS,
    validation,
};
pub use docs::page;
use http::{HeaderMap, StatusCode, header};
use penstock::{
    contract::FieldError,
    host::{Host, HostError},
};
use std::sync::OnceLock;

/// So much of the document is handed over at once, in bytes.
const PIECE: usize = 64 << 10;

/// The document, and what its copies are compared by.
struct Kept {
    json: Vec<u8>,
    tag: String,
}

fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let json = document::document();
        let tag = validation::tag(&json);
        Kept { json, tag }
    })
}

/// The document as JSON.
#[must_use]
pub fn document() -> &'static [u8] {
    &kept().json
}

/// The answer to who asks for the document: 304 if it has it.
#[must_use]
pub fn answer<H>(asked: &HeaderMap) -> Answer<H> {
    let Kept { json, tag } = kept();
    let response = answer::response(StatusCode::OK, JSON, String::new());
    let mut response = validation::tagged(response, asked, tag);
    if response.status() != StatusCode::OK {
        return Answer::Whole(response);
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, json.len().into());
    Answer::Streamed(response.map(drop), Lines::Document(Document(json)))
}

/// The document, yet to be written.
pub struct Document(&'static [u8]);

impl Document {
    /// Writes all of it.
    pub async fn run(self, out: &mut impl Bytes) -> Ended {
        for piece in self.0.chunks(PIECE) {
            if out.write(piece.to_vec()).await > 0 {
                return Ended::Abandoned;
            }
        }
        Ended::Complete
    }
}

/// Whether everybody may have the document.
///
/// # Errors
/// What is wrong with the setting, or that the host cannot read it.
pub async fn is_public<H: Host>(host: &H) -> Result<Result<bool, FieldError>, HostError> {
    let setting = host.setting(PUBLIC_DOCS.name).await?;
    let setting = setting.as_deref().or(PUBLIC_DOCS.default).unwrap_or_default();
    let checked = PUBLIC_DOCS.kind.check(setting);
    Ok(checked.map(|checked| checked == "true").map_err(|why| FieldError::new(PUBLIC_DOCS.name, why)))
}
