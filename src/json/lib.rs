//! The contract's types and their memory, and a provider's JSON in one pass, straight into what is
//! asked for.
//!
//! [`decode`] and [`transcode`] can do that as long as the text is plain: each value is of the type
//! that the contract has, names have no escapes and come once. So it is nearly always. Of anything
//! else nothing is said here, not even what is wrong with it: the core's `codec` reads it anew and
//! has the last word. Whatever is read here is JSON (RFC 8259), and reads the same there.
//!
//! It is a package of its own because it is where a read spends its time: it is compiled for speed,
//! and the rest of a component for size.

mod arena;
mod block;
mod civil;
mod cursor;
mod fields;
pub mod instant;
mod label;
mod layout;
mod limits;
mod normal;
mod page;
mod scalars;
mod scratch;
mod structure;
mod text;
mod typed;
pub mod types;
mod utf8;
mod verbatim;

pub use arena::{Arena, LoweredRecord, LoweredValue, Mark};
pub use instant::Instant;
pub use layout::{Layout, Places};
pub use limits::{Elements, LimitExceeded, MAX_DEPTH, check_limits};
pub use page::{PlainPage, is_closed, plain_array, plain_elements, plain_member, plain_page};
pub use scratch::Scratch;
pub use text::{find, one_line, special};

use cursor::Cursor;
use types::Type;
use utf8::is_utf8;

/// Reads JSON into room of an arena that is all zeros. None if it is not plain; then nothing
/// stands in the arena.
#[must_use]
pub fn decode(ty: &Type, json: &[u8], arena: &mut Arena, at: u32, scratch: &mut Scratch) -> Option<()> {
    if !is_utf8(json) {
        return None;
    }
    let mark = arena.mark();
    scratch.begin();
    let mut reader = typed::Reader { cursor: Cursor::new(json), arena, scratch };
    reader.cursor.blank();
    let read = reader.value(ty, at).and_then(|()| reader.cursor.end());
    if read.is_none() {
        arena.undo(&mark, at, Layout::of(ty));
    }
    read
}

/// Adds the normal form of JSON to a text. None if it is not plain; then nothing was added.
#[must_use]
pub fn transcode(ty: &Type, json: &[u8], out: &mut Vec<u8>, scratch: &mut Scratch) -> Option<()> {
    if !is_utf8(json) {
        return None;
    }
    let start = out.len();
    scratch.begin();
    let mut writer = normal::Writer { cursor: Cursor::new(json), out, scratch };
    writer.cursor.blank();
    let written = writer.value(ty).and_then(|wrote| {
        if !wrote {
            writer.out.extend_from_slice(b"null");
        }
        writer.cursor.end()
    });
    if written.is_none() {
        out.truncate(start);
    }
    written
}
