//! Going on in the middle of a file (RFC 9110 section 14), if it is certainly the same one.

use crate::{codec::whole_number, host::Opened};

/// The rest of a file that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The first byte of it.
    pub from: u64,
    /// The strong validator of the file that the bytes before it are from.
    pub etag: String,
}

/// The validator by which a server can be asked for the rest of this file; none if it does
/// not offer that. A weak one is for files that are alike, which is not enough.
#[must_use]
pub fn validator(opened: &Opened) -> Option<String> {
    let ranges =
        opened.header("accept-ranges")?.split(',').any(|unit| unit.trim().eq_ignore_ascii_case("bytes"));
    let etag = opened.header("etag").map(str::trim).filter(|etag| is_strong(etag))?;
    let as_it_is =
        opened.header("content-encoding").is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    (ranges && as_it_is && opened.status == 200).then(|| etag.to_owned())
}

/// `"abc"` and not `W/"abc"` (RFC 9110 section 8.8.3).
fn is_strong(etag: &str) -> bool {
    etag.len() >= 2
        && etag.starts_with('"')
        && etag.ends_with('"')
        && etag.bytes().all(|byte| (0x21..0x7f).contains(&byte))
}

impl Rest {
    /// The header fields that ask for it. A server whose file is another one by now sends all
    /// of that.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 2] {
        [("range", format!("bytes={}-", self.from)), ("if-range", self.etag.clone())]
    }

    /// Whether an answer is this rest, of a file of so many bytes if that is known.
    #[must_use]
    pub fn is(&self, opened: &Opened, length: Option<u64>) -> bool {
        let same = opened.header("etag").is_none_or(|etag| etag.trim() == self.etag);
        let range = opened.header("content-range").and_then(parse);
        opened.status == 206
            && same
            && range.is_some_and(|(from, total)| {
                from == self.from && total.zip(length).is_none_or(|(total, length)| total == length)
            })
    }
}

/// Whether a partial answer that nobody asked for is all of the file nevertheless.
pub(crate) fn is_whole(opened: &Opened) -> bool {
    opened.header("content-range").and_then(parse).is_some_and(|(from, total)| from == 0 && total.is_some())
}

/// `bytes 7-9/10`: where it begins, and the length of the whole if it says.
fn parse(range: &str) -> Option<(u64, Option<u64>)> {
    let (span, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, last) = span.split_once('-')?;
    let (from, last) = (number(from)?, number(last)?);
    let total = match total.trim() {
        "*" => None,
        total => Some(number(total)?),
    };
    // A part is sent to whoever asked for the rest if it ends at the end.
    let to_the_end = total.is_none_or(|total: u64| last.checked_add(1) == Some(total));
    (from <= last && to_the_end).then_some((from, total))
}

fn number(text: &str) -> Option<u64> {
    whole_number(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(status: u16, headers: &[(&str, &str)]) -> Opened {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let body = Box::new(crate::host::simulated::Pieces::new([""; 0]));
        Opened { status, headers: headers.collect(), body }
    }

    #[test]
    fn only_a_strong_validator_and_bytes_will_do() {
        let offered = |ranges, etag| validator(&opened(200, &[("accept-ranges", ranges), ("etag", etag)]));
        assert_eq!(offered("bytes", "\"a\"").as_deref(), Some("\"a\""));
        for (ranges, etag) in
            [("none", "\"a\""), ("bytes", "W/\"a\""), ("bytes", "a"), ("bytes", "\""), ("bytes", "")]
        {
            assert_eq!(offered(ranges, etag), None, "{ranges} {etag}");
        }
        assert_eq!(validator(&opened(200, &[("etag", "\"a\"")])), None);
        let zipped = [("accept-ranges", "bytes"), ("etag", "\"a\""), ("content-encoding", "gzip")];
        assert_eq!(validator(&opened(200, &zipped)), None);
    }

    #[test]
    fn the_rest_is_of_the_same_file_and_begins_where_it_must() {
        let rest = Rest { from: 7, etag: "\"a\"".to_owned() };
        let is = |status, range, etag| {
            rest.is(&opened(status, &[("content-range", range), ("etag", etag)]), Some(10))
        };
        assert!(is(206, "bytes 7-9/10", "\"a\"") && is(206, "bytes 7-9/*", "\"a\""));
        for (status, range, etag) in [
            (200, "bytes 7-9/10", "\"a\""),
            (206, "bytes 7-9/10", "\"b\""),
            (206, "bytes 6-9/10", "\"a\""),
            (206, "bytes 7-10/11", "\"a\""),
            (206, "bytes 7-8/10", "\"a\""),
            (206, "bytes 7-6/10", "\"a\""),
            (206, "bytes +7-9/10", "\"a\""),
            (206, "items 7-9/10", "\"a\""),
            (206, "", "\"a\""),
        ] {
            assert!(!is(status, range, etag), "{status} {range} {etag}");
        }
    }
}
