//! Takes the object apart that a page of records comes in.

use crate::{cursor::Cursor, utf8::is_utf8};
use serde_json::value::RawValue;
use std::ops::Range;

/// A page, as far as all providers' pages are alike.
#[derive(Debug, Default)]
pub struct PlainPage<'a> {
    /// What is said of the records, in the order in which it came: name and JSON.
    pub members: Vec<(&'a [u8], &'a [u8])>,
    /// Where each record stands in the body.
    pub records: Vec<Range<usize>>,
    /// Where the id of each stands, empty for one that has none.
    pub ids: Vec<Range<usize>>,
}

/// Takes a page apart in one pass: an object whose member of this name holds the records, an
/// array. None if it is not plain, or has no records, or has them twice, or is no JSON as far as
/// that can be told without looking at what a record holds: whoever decodes it looks at that, and
/// one record that is none does not spoil the others, whether it is no JSON, no UTF-8 or too deep.
#[must_use]
pub fn plain_page<'a>(body: &'a [u8], records: &str, id: &str) -> Option<PlainPage<'a>> {
    let page = taken_apart(body, records, id)?;
    (is_utf8(body) || page.is_utf8_around_records(body)).then_some(page)
}

/// The same of a page that is an array and nothing else.
#[must_use]
pub fn plain_array<'a>(body: &'a [u8], id: &str) -> Option<PlainPage<'a>> {
    let mut page = PlainPage::default();
    let mut cursor = Cursor::new(body);
    cursor.blank();
    page.read(&mut cursor, id.as_bytes())?;
    cursor.end()?;
    Some(page)
}

/// Where the value of a member stands in an object that is plain but for it: what the value holds need
/// not be JSON. None also if the member is missing or comes twice.
#[must_use]
pub fn plain_member(body: &[u8], name: &str) -> Option<Range<usize>> {
    let mut found = None;
    members(body, |cursor, member| {
        let from = cursor.place();
        if member == name.as_bytes() {
            element(cursor)?;
            return found.replace(from..cursor.place()).is_none().then_some(());
        }
        cursor.pass()
    })?;
    let place = found?;
    let around = [body.get(..place.start), body.get(place.end..)];
    around.into_iter().all(|part| part.is_some_and(is_utf8)).then_some(place)
}

/// Where the elements of an array stand, which need not be JSON. None if it is no array, or cannot be
/// taken apart.
#[must_use]
pub fn plain_elements(array: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut cursor = Cursor::new(array);
    let mut places = Vec::new();
    cursor.blank();
    elements(&mut cursor, |cursor| {
        let from = cursor.place();
        element(cursor)?;
        places.push(from..cursor.place());
        Some(())
    })?;
    cursor.end()?;
    Some(places)
}

/// Whether a text ends where it should, by its brackets, although it need not be JSON: one that was cut
/// off does not.
#[must_use]
pub fn is_closed(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.blank();
    cursor.pass_anything().and_then(|()| cursor.end()).is_some()
}

fn taken_apart<'a>(body: &'a [u8], records: &str, id: &str) -> Option<PlainPage<'a>> {
    let mut page = PlainPage::default();
    let mut found = false;
    members(body, |cursor, name| {
        if name == records.as_bytes() {
            if std::mem::replace(&mut found, true) {
                return None;
            }
            return page.read(cursor, id.as_bytes());
        }
        page.members.push((name, cursor.value()?));
        Some(())
    })?;
    found.then_some(page)
}

/// Goes through the members of an object that is all of a text: `value` passes over that of each.
fn members<'a>(body: &'a [u8], mut value: impl FnMut(&mut Cursor<'a>, &'a [u8]) -> Option<()>) -> Option<()> {
    let mut cursor = Cursor::new(body);
    cursor.blank();
    cursor.take(b'{')?;
    cursor.blank();
    let mut more = !cursor.takes(b'}');
    while more {
        let name = cursor.name()?;
        value(&mut cursor, name)?;
        more = cursor.more(b'}')?;
    }
    cursor.end()
}

/// Goes through the elements of an array: `element` passes over each.
fn elements<'a>(
    cursor: &mut Cursor<'a>,
    mut element: impl FnMut(&mut Cursor<'a>) -> Option<()>,
) -> Option<()> {
    cursor.take(b'[')?;
    cursor.blank();
    let mut more = !cursor.takes(b']');
    while more {
        element(cursor)?;
        more = cursor.more(b']')?;
    }
    Some(())
}

/// Passes over a value, which need not be JSON.
fn element(cursor: &mut Cursor<'_>) -> Option<()> {
    let mut plain = *cursor;
    match plain.pass() {
        Some(()) if plain.is_blank() || matches!(plain.peek(), b',' | b']' | b'}') => *cursor = plain,
        // A word that begins like JSON, or does not.
        _ => cursor.pass_anything()?,
    }
    Some(())
}

impl PlainPage<'_> {
    /// Between records there are blanks and commas.
    #[cold]
    fn is_utf8_around_records(&self, body: &[u8]) -> bool {
        let (Some(first), Some(last)) = (self.records.first(), self.records.last()) else { return false };
        let around = [body.get(..first.start), body.get(last.end..)];
        around.into_iter().all(|part| part.is_some_and(is_utf8))
    }

    fn read(&mut self, cursor: &mut Cursor<'_>, id: &[u8]) -> Option<()> {
        elements(cursor, |cursor| {
            let from = cursor.place();
            self.ids.push(record(cursor, id)?);
            self.records.push(from..cursor.place());
            Some(())
        })
    }
}

/// Passes over a record: where its id stands.
fn record(cursor: &mut Cursor<'_>, id: &[u8]) -> Option<Range<usize>> {
    if cursor.peek() != b'{' {
        element(cursor)?;
        return Some(0..0);
    }
    // Nearly all records begin with it.
    let mut first = *cursor;
    first.take(b'{')?;
    first.blank();
    let found = match first.is_named(id) {
        Some(true) => {
            let from = first.place();
            first.pass().map(|()| from..first.place())
        }
        _ => searched(&mut cursor.clone(), id),
    };
    let start = cursor.place();
    let mut plain = *cursor;
    match plain.pass_unread() {
        Some(()) => *cursor = plain,
        None => cursor.pass_anything()?,
    }
    // What is no JSON has no id, and that is its own fault; what is JSON and could not be read here
    // is not plain.
    found.or_else(|| serde_json::from_slice::<&RawValue>(cursor.since(start)).is_err().then_some(0..0))
}

/// The same of one that does not begin with its id. Of a name that comes twice, the last one
/// counts.
fn searched(cursor: &mut Cursor<'_>, id: &[u8]) -> Option<Range<usize>> {
    let mut found = 0..0;
    cursor.take(b'{')?;
    cursor.blank();
    let mut more = !cursor.takes(b'}');
    while more {
        let name = cursor.name()?;
        let from = cursor.place();
        cursor.pass()?;
        if name == id {
            found = from..cursor.place();
        }
        more = cursor.more(b'}')?;
    }
    Some(found)
}
