//! The gateway's description of itself: `/openapi.json` (OpenAPI 3.1.1), and `/docs`, a page that
//! shows it to people.
//!
//! The document is made from the tables of operations, and of what stands in `openapi/fixed/`, when
//! somebody first asks for it; an instance keeps that copy. It goes out in small pieces, so that
//! readers who take their time hold no further ones.
//!
//! Whoever may not call an operation is not to learn which there are, so that `/openapi.json` asks
//! for a key unless [`PUBLIC_DOCS`] says otherwise, and a key that is for some providers or modules is
//! told of these. The page itself holds nothing: it asks for
//! the key, and keeps it in memory.

mod docs;
mod document;
mod documents;
mod json;
mod of_one;
mod operation;
mod parameters;
mod part;
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
pub use documents::{Document, Documents};
use http::{HeaderMap, StatusCode, header};
pub(crate) use json::Json;
pub(crate) use of_one::{answer_schema, body_schema, parameters_schema};
pub(crate) use operation::{effect, summary};
pub(crate) use parameters::page_sizes;
pub use part::Part;
use penstock::{
    contract::FieldError,
    host::{Host, HostError},
};
pub(crate) use schemas::module;
use std::rc::Rc;

/// So much of the document is handed over at once, in bytes.
const PIECE: usize = 64 << 10;

/// The document as JSON, or a part of it.
#[must_use]
pub fn document(part: &Part) -> Vec<u8> {
    document::document(part)
}

/// The answer to who asks for a document: 304 if it has it.
#[must_use]
pub fn answer<H>(document: &Rc<Document>, asked: &HeaderMap) -> Answer<H> {
    let response = answer::response(StatusCode::OK, JSON, String::new());
    let mut response = validation::tagged(response, asked, &document.tag);
    if response.status() != StatusCode::OK {
        return Answer::Whole(response);
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, document.json.len().into());
    Answer::Streamed(response.map(drop), Lines::Document(Rc::clone(document)))
}

impl Document {
    /// Writes all of it.
    pub async fn run(&self, out: &mut impl Bytes) -> Ended {
        for piece in self.json.chunks(PIECE) {
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
