//! Files over HTTP: those that come from a provider are passed on as they come, and those
//! that go to one are the body of a request.

use crate::{
    answer::{self, CALL_ID},
    problem::Problem,
    request::Head,
};
use http::{Response, StatusCode, header};
use penstock::{
    contract::{FieldError, FileInfo},
    files::{Upload, disposition},
    host::Source,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The type of a file of which the provider says none.
const UNKNOWN: &str = "application/octet-stream";

/// What stands in `filename*` as it is (RFC 8187 section 3.2.1, `attr-char`).
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The head of the response that a file goes out with. A browser is to keep it and not to
/// show it: it comes from who knows whom.
#[must_use]
pub fn head(info: &FileInfo) -> Response<()> {
    let mut response = answer::response(StatusCode::OK, UNKNOWN, String::new()).map(drop);
    let headers = response.headers_mut();
    if let Some(content_type) = &info.content_type {
        answer::set(headers, header::CONTENT_TYPE, content_type);
    }
    if let Some(length) = info.length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    answer::set(headers, header::CONTENT_DISPOSITION, &disposition(info.file_name.as_deref()));
    answer::set(headers, CALL_ID, &info.call_id);
    response
}

/// `Content-Disposition` (RFC 6266): the name for old clients without what they might
/// stumble over, and as it is.
fn disposition(name: Option<&str>) -> String {
    let Some(name) = name else { return "attachment".to_owned() };
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            '"' | '\\' | '%' => '_',
            ' '..='~' => letter,
            _ => '_',
        })
        .collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTRIBUTE))
}

/// The file that a request carries as its body. Its name stands in `Content-Disposition`,
/// its type and length where they always stand.
///
/// # Errors
/// A form, and a name or a length that do not fit.
pub fn upload(
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Result<Result<Upload, Vec<FieldError>>, Problem> {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let content_type = text("content-type").map(str::to_owned);
    if content_type.as_deref().is_some_and(|given| given.to_ascii_lowercase().starts_with("multipart/")) {
        return Err(Problem::form());
    }
    let wrong = |field: &str, message: &str| Err(vec![FieldError::new(field, message)]);
    // HTTP has no other character set in a field (RFC 9110 section 5.5); some clients send
    // UTF-8 all the same.
    let name =
        head.headers.get("content-disposition").and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let Some(name) = name.and_then(disposition::file_name) else {
        return Ok(wrong("Content-Disposition", "must name the file: attachment; filename=\"photo.png\""));
    };
    let length = match head.content_length() {
        Ok(length) => length,
        Err(error) => return Ok(Err(vec![error])),
    };
    let Some(body) = body else { return Ok(wrong("body", "is missing")) };
    Ok(Upload::new(name, content_type, length, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds() {
        for (name, expected) in [
            (None, "attachment"),
            (Some("call 7.mp3"), r#"attachment; filename="call 7.mp3""#),
            (Some("über.pdf"), r#"attachment; filename="_ber.pdf"; filename*=UTF-8''%C3%BCber.pdf"#),
            (Some(r#"a"b%.txt"#), r#"attachment; filename="a_b_.txt"; filename*=UTF-8''a%22b%25.txt"#),
        ] {
            let field = disposition(name);
            assert_eq!(field, expected);
            assert_eq!(disposition::file_name(&field).as_deref(), name);
        }
    }

    #[test]
    fn a_type_that_is_no_field_is_not_passed_on() {
        let info = |content_type: &str| FileInfo {
            call_id: "00ff".to_owned(),
            status: 206,
            content_type: Some(content_type.to_owned()),
            file_name: None,
            length: Some(7),
        };
        let response = head(&info("audio/mpeg"));
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::OK, &"audio/mpeg".parse().unwrap())
        );
        assert_eq!(response.headers()["content-length"], "7");
        assert_eq!(head(&info("a\r\nb: c")).headers()["content-type"], UNKNOWN);
    }
}
