//! A form with one file (multipart/form-data, RFC 7578).

use crate::servicetitan::errors::ApiError;
use bytes::Bytes;
use futures_util::{FutureExt, stream};
use std::convert::Infallible;

/// The field of the form that every upload has.
const FIELD: &str = "file";

/// A file and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) media: String,
    pub(crate) bytes: Bytes,
}

/// Reads the one file of a form; anything else is a 400 that says what is wrong.
pub(super) fn read(content_type: Option<&str>, body: &Bytes) -> Result<File, ApiError> {
    let refused = |problem: String| ApiError::field(FIELD, problem);
    let boundary = multer::parse_boundary(content_type.unwrap_or_default())
        .map_err(|error| refused(format!("The body must be a form (multipart/form-data): {error}.")))?;
    let body = body.clone();
    let mut form = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let broken = |error: multer::Error| ApiError::field(FIELD, format!("The form is malformed: {error}."));
    let mut file = None;
    // The whole body is there: nothing ever waits.
    while let Some(part) = form.next_field().now_or_never().transpose().map_err(broken)?.flatten() {
        let name = part.name().unwrap_or_default().to_owned();
        if name != FIELD || file.is_some() {
            return Err(ApiError::field(&name, "The form must have one field, with the file."));
        }
        let Some(file_name) = part.file_name().filter(|name| !name.is_empty()).map(str::to_owned) else {
            return Err(refused("The file has no name.".to_owned()));
        };
        let media = part.content_type().map_or_else(|| "text/plain".to_owned(), ToString::to_string);
        let bytes = part.bytes().now_or_never().transpose().map_err(broken)?.unwrap_or_default();
        file = Some(File { name: file_name, media, bytes });
    }
    file.ok_or_else(|| refused("The file field is required.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: Option<&str> = Some("multipart/form-data; boundary=X");

    fn part(disposition: &str, rest: &str) -> Bytes {
        format!("--X\r\nContent-Disposition: form-data{disposition}\r\n\r\nhello{rest}").into()
    }

    #[test]
    fn the_file_comes_out_as_it_went_in() {
        let body = Bytes::from_static(
            b"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \xc3\xa9.pdf\"\r\n\
              Content-Type: application/pdf\r\n\r\n\x00\xff--X\r\n--\r\n--X--\r\n",
        );
        let file = read(TYPE, &body).unwrap();
        assert_eq!((file.name.as_str(), file.media.as_str()), ("a é.pdf", "application/pdf"));
        assert_eq!(&file.bytes[..], b"\x00\xff--X\r\n--");
    }

    #[test]
    fn what_is_no_form_with_one_file_is_refused() {
        let named = "; name=\"file\"; filename=\"a\"";
        let end = "\r\n--X--\r\n";
        let fine = part(named, end);
        assert!(read(TYPE, &fine).is_ok());
        let twice: Bytes = [&fine[..fine.len() - 4], b"\r\n", &fine[5..]].concat().into();
        let cases = [
            (Some("application/json"), fine.clone()),
            (None, fine),
            (TYPE, part(named, "")),
            (TYPE, part("; name=\"file\"", end)),
            (TYPE, part("; name=\"data\"; filename=\"a\"", end)),
            (TYPE, Bytes::from_static(b"--X--\r\n")),
            (TYPE, Bytes::new()),
            (TYPE, twice),
        ];
        for (index, (content_type, body)) in cases.into_iter().enumerate() {
            let error = read(content_type, &body).unwrap_err();
            assert_eq!((error.status, error.errors.len()), (400, 1), "{index} {error:?}");
        }
    }
}
