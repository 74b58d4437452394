//! Takes secrets out of what a provider says.
//!
//! A provider may repeat in an error what it was sent, as it came or in another spelling:
//! percent-encoded, HTML- or JSON-escaped, once or twice over, in base64, in other letters.
//! Its words reach failures and log lines, so every spelling of every secret that is in use is
//! taken out of them first.

mod spelled;

use super::request::Authorization;
use crate::{
    policy::failpoint::{self, Failpoint},
    providers::api::{ApiError, Credentials, Provider},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use spelled::{ALL, Spelled};
use std::{borrow::Cow, ops::Range};

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// Shorter texts are no secrets, and too common to be taken out.
const SHORTEST: usize = 6;

/// An error of more bytes is not looked at: nobody explains anything at such length.
pub(crate) const LONGEST: usize = 16 * 1024;

/// How many layers of escapes are undone.
const LAYERS: usize = 3;

/// Secrets that are in use, ready to be looked for.
pub(crate) struct Redactor {
    needles: Vec<Vec<char>>,
}

impl Redactor {
    /// Those of a request, and those of the account that it was made for.
    pub(crate) fn new(authorization: &Authorization, credentials: Option<&Credentials>) -> Redactor {
        // `Bearer abc`: a provider may repeat the token alone.
        let sent = authorization.headers.iter().flat_map(|(_, secret)| secret.expose().split(' '));
        let all = sent.chain(credentials.into_iter().flat_map(Credentials::all));
        Redactor::of(all.filter(|secret| *secret != "Bearer"))
    }

    /// These texts.
    pub(crate) fn of<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Redactor {
        let mut needles: Vec<Vec<char>> = secrets.into_iter().flat_map(needles).collect();
        needles.sort();
        needles.dedup();
        Redactor { needles }
    }

    /// What an answer that is no success says, without secrets.
    pub(crate) fn error(&self, provider: &dyn Provider, status: u16, body: &[u8]) -> ApiError {
        // Before it is read, since a text may be cut there in the middle of a secret; and
        // after, since that may take a layer of escapes away.
        let body = if body.len() > LONGEST { Cow::Borrowed("") } else { String::from_utf8_lossy(body) };
        let said = provider.errors().read(status, self.clean(&body).as_bytes());
        let clean = |text: String| self.clean(&text).into_owned();
        ApiError {
            message: clean(said.message),
            trace_id: said.trace_id.map(clean),
            fields: said.fields.into_iter().map(|(field, message)| (clean(field), clean(message))).collect(),
        }
    }

    /// A text without secrets.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut places = Vec::new();
        let mut layer = vec![Spelled::new(text)];
        let layers = if failpoint::on(Failpoint::KeepSpellings) { 0 } else { LAYERS };
        for left in (0..=layers).rev() {
            layer.iter().for_each(|spelled| self.find(spelled, &mut places));
            if left > 0 {
                layer = undo_all(&layer);
            }
        }
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(without(text, places))
    }

    fn find(&self, spelled: &Spelled, places: &mut Vec<Range<usize>>) {
        let text: Vec<char> = spelled.chars().iter().copied().map(fold).collect();
        for needle in &self.needles {
            let found = text.windows(needle.len()).enumerate().filter(|(_, part)| *part == needle.as_slice());
            places.extend(found.filter_map(|(at, _)| spelled.place(at..at + needle.len())));
        }
    }
}

/// Each of these texts with a layer of escapes undone, in each way that gives something new.
fn undo_all(layer: &[Spelled]) -> Vec<Spelled> {
    let mut undone: Vec<Spelled> = Vec::new();
    for next in layer.iter().flat_map(|spelled| ALL.iter().filter_map(|escapes| spelled.undo(*escapes))) {
        if !undone.iter().any(|known| known.chars() == next.chars()) {
            undone.push(next);
        }
    }
    undone
}

/// The text with something else in these places.
fn without(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_by_key(|place| place.start);
    let (mut clean, mut from) = (String::with_capacity(text.len()), 0);
    for place in places {
        if place.start >= from {
            clean.push_str(text.get(from..place.start).unwrap_or_default());
            clean.push_str(REDACTED);
        }
        from = from.max(place.end);
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    clean
}

/// What to look for, escapes aside.
fn needles(secret: &str) -> Vec<Vec<char>> {
    let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut texts =
        vec![secret.to_owned(), secret.replace(' ', "+"), base16ct::lower::encode_string(secret.as_bytes())];
    // Basic authentication encodes what is percent-encoded already (RFC 6749 section 2.3.1).
    for bytes in [secret.as_bytes(), encoded.as_bytes()] {
        texts.extend((0..3).filter_map(|before| base64(bytes, before)));
    }
    let texts = texts.into_iter().filter(|text| secret.len() >= SHORTEST && text.len() >= SHORTEST);
    texts.map(|text| text.chars().map(fold).collect()).collect()
}

/// What stands of these bytes in any base64 text in which so many other bytes, modulo 3, come
/// before them.
fn base64(bytes: &[u8], before: usize) -> Option<String> {
    let mut all = vec![0; before];
    all.extend(bytes);
    let text = STANDARD_NO_PAD.encode(&all);
    text.get((before * 8).div_ceil(6)..all.len() * 8 / 6).map(str::to_owned)
}

/// Letters in one case, and the two alphabets of base64 as one.
fn fold(letter: char) -> char {
    match letter {
        '-' => '+',
        '_' => '/',
        _ => letter.to_lowercase().next().unwrap_or(letter),
    }
}

#[cfg(test)]
mod tests;
