//! What comes with a good status where a file was asked for, and is none.
//!
//! Proxies answer with their sign-in page, servers with a problem document or with nothing. The
//! catalogue's files are recordings, pictures and documents: none of them is empty, and what is
//! a page or JSON says that it is an attachment (RFC 6266).

use super::range::is_whole;
use crate::host::Opened;

/// Why an answer is no file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoFile {
    /// What it is instead.
    pub(crate) message: String,
    /// Whether asking again may bring the file.
    pub(crate) may_pass: bool,
}

/// Looks at the head of an answer with a status of 2xx. `of_rest`: the rest of a file was asked
/// for, and not a whole one.
pub(crate) fn no_file(opened: &Opened, of_rest: bool) -> Option<NoFile> {
    let none = |message: String, may_pass: bool| Some(NoFile { message, may_pass });
    match opened.status {
        200 | 203 => {}
        206 if of_rest || is_whole(opened) => {}
        206 => return none("HTTP 206 is a part of a file, and all of it was asked for".to_owned(), true),
        // Accepted: there may be one later.
        202 => return none("HTTP 202 has no file yet".to_owned(), true),
        status => return none(format!("HTTP {status} has no file"), false),
    }
    if opened.header("content-length").is_some_and(|length| length.trim() == "0") {
        return none("the answer is empty, which is no file".to_owned(), false);
    }
    let media_type = opened.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let attached = opened
        .header("content-disposition")
        .is_some_and(|disposition| disposition.trim_start().to_ascii_lowercase().starts_with("attachment"));
    let (other, may_pass) = match media_type.as_str() {
        "application/problem+json" | "application/problem+xml" => (true, false),
        "application/json" => (!attached, false),
        "text/html" | "application/xhtml+xml" => (!attached, true),
        _ => (false, false),
    };
    let message = format!("the answer is {media_type} with HTTP {}, which is no file", opened.status);
    other.then_some(NoFile { message, may_pass })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Response;

    fn head(status: u16, headers: &[(&str, &str)]) -> Opened {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Opened::from(Response { status, headers: headers.collect(), body: Ok("x".into()) })
    }

    #[test]
    fn pages_problems_and_nothing_are_no_files() {
        let attached = ("content-disposition", "Attachment; filename=\"a\"");
        for (status, headers, expected) in [
            (200, vec![("content-type", "audio/mpeg")], None),
            (200, vec![("content-type", "application/pdf"), ("content-length", "4")], None),
            (200, vec![], None),
            (203, vec![("content-type", "image/png")], None),
            (206, vec![("content-type", "image/png")], Some(true)),
            (206, vec![("content-range", "bytes 0-9/10")], None),
            (206, vec![("content-range", "bytes 0-9/11")], Some(true)),
            (206, vec![("content-range", "bytes 1-9/10")], Some(true)),
            (206, vec![("content-range", "bytes 0-9/*")], Some(true)),
            (201, vec![("content-type", "audio/mpeg")], Some(false)),
            (202, vec![("content-type", "audio/mpeg")], Some(true)),
            (204, vec![], Some(false)),
            (205, vec![("content-type", "audio/mpeg")], Some(false)),
            (200, vec![("content-length", " 0")], Some(false)),
            (200, vec![("content-type", "Text/HTML; charset=utf-8")], Some(true)),
            (200, vec![("content-type", "text/html"), attached], None),
            (200, vec![("content-type", "application/json")], Some(false)),
            (200, vec![("content-type", "application/json"), attached], None),
            (200, vec![("content-type", "application/problem+json"), attached], Some(false)),
        ] {
            let found = no_file(&head(status, &headers), false).map(|none| none.may_pass);
            assert_eq!(found, expected, "{status} {headers:?}");
        }
        assert_eq!(no_file(&head(206, &[]), true), None);
    }
}
