//! A file in a form (`multipart/form-data`, RFC 7578), made while it is sent.

use super::upload::{Broken, Upload};
use crate::host::{BodyError, Source, Streamed};
use futures_util::future::LocalBoxFuture;
use std::mem;

/// A form with one field, a file.
pub(crate) struct Multipart {
    upload: Upload,
    boundary: String,
    most: u64,
    sent: u64,
    state: State,
}

enum State {
    Head(String),
    Content(Box<dyn Source>),
    Done,
}

impl Multipart {
    /// A form that holds the file in this field. `random` is unpredictable, so that the
    /// boundary stands nowhere in the file; of more than `most` bytes nothing is sent on.
    pub(crate) fn new(field: &str, upload: &Upload, random: [u64; 2], most: u64) -> Multipart {
        let boundary = format!("penstock-{:016x}{:016x}", random[0], random[1]);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n\r\n",
            quoted(field),
            quoted(upload.file_name()),
            upload.content_type(),
        );
        Multipart { upload: upload.clone(), boundary, most, sent: 0, state: State::Head(head) }
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(crate) fn into_body(self) -> Streamed {
        let around = match &self.state {
            State::Head(head) => head.len() + self.tail().len(),
            State::Content(_) | State::Done => 0,
        };
        let length = self.upload.length().map(|length| length.saturating_add(around as u64));
        Streamed { source: Box::new(self), length }
    }

    fn tail(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }

    fn count(&mut self, piece: &[u8]) -> Result<(), Broken> {
        self.sent = self.sent.saturating_add(piece.len() as u64);
        match self.upload.length() {
            Some(said) if self.sent > said => Err(Broken::TooMany { got: self.sent, said }),
            _ if self.sent > self.most => Err(Broken::TooLarge(self.most)),
            _ => Ok(()),
        }
    }

    async fn step(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        match mem::replace(&mut self.state, State::Done) {
            State::Head(head) => {
                // The file itself is not touched until the host has taken the head: before
                // that, it can be sent another time.
                self.state = State::Content(Box::new(Untouched(self.upload.clone(), None)));
                Ok(Some(head.into_bytes()))
            }
            State::Content(mut content) => match content.next().await {
                Ok(Some(piece)) => {
                    self.count(&piece)?;
                    self.state = State::Content(content);
                    Ok(Some(piece))
                }
                Ok(None) => match self.upload.length() {
                    Some(said) if self.sent < said => Err(Broken::TooFew { got: self.sent, said }),
                    _ => Ok(Some(self.tail().into_bytes())),
                },
                Err(BodyError::Broken(why) | BodyError::TimedOut(why) | BodyError::Coded(why)) => {
                    Err(Broken::Unreadable(why))
                }
                Err(BodyError::TooLarge | BodyError::NoRoom { .. }) => Err(Broken::TooLarge(self.most)),
            },
            State::Done => Ok(None),
        }
    }
}

impl Source for Multipart {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async {
            self.upload.step();
            let step = self.step().await;
            self.upload.step();
            step.map_err(|broken| {
                let why = broken.to_string();
                self.upload.failed(broken);
                BodyError::Broken(why)
            })
        })
    }
}

/// The file's bytes, which are taken when the first of them is asked for.
struct Untouched(Upload, Option<Box<dyn Source>>);

impl Source for Untouched {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        if self.1.is_none() {
            self.1 = self.0.take();
        }
        match &mut self.1 {
            Some(content) => content.next(),
            None => Box::pin(std::future::ready(Err(BodyError::Broken("it was sent before".to_owned())))),
        }
    }
}

/// As forms write a name between quotes (WHATWG HTML, "multipart form data"; RFC 7578
/// section 2 has the same by reference). Other characters stay as they are, in UTF-8.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::simulated::{Pieces, Simulated};

    fn upload(name: &str, length: Option<u64>, content: Pieces) -> Upload {
        Upload::new(name.to_owned(), Some("text/plain".to_owned()), length, Box::new(content)).unwrap()
    }

    fn all(upload: &Upload, most: u64) -> Result<String, BodyError> {
        let mut body = Multipart::new("file", upload, [1, 2], most).into_body();
        let said = body.length;
        Simulated::new(1).run(async move {
            let mut text = Vec::new();
            while let Some(piece) = body.source.next().await? {
                text.extend(piece);
            }
            assert!(said.is_none_or(|said| said == text.len() as u64), "{said:?} of {}", text.len());
            Ok(String::from_utf8(text).unwrap())
        })
    }

    #[test]
    fn the_form_as_it_stands_on_the_wire() {
        let upload = upload("ü \"1\".txt", Some(10), Pieces::new(["hello", "\r\nyou"]));
        let expected = "--penstock-00000000000000010000000000000002\r\n\
                        Content-Disposition: form-data; name=\"file\"; filename=\"ü %221%22.txt\"\r\n\
                        Content-Type: text/plain\r\n\r\n\
                        hello\r\nyou\r\n\
                        --penstock-00000000000000010000000000000002--\r\n";
        assert_eq!(all(&upload, 10).unwrap(), expected);
        assert_eq!(upload.broken(), None);
    }

    #[test]
    fn an_empty_file_is_a_file() {
        assert!(all(&upload("a", Some(0), Pieces::new([""; 0])), 0).unwrap().contains("\r\n\r\n\r\n--"));
    }

    #[test]
    fn what_is_not_as_it_was_said_breaks_off() {
        let fault = |length, content, most| {
            let upload = upload("a", length, content);
            assert!(all(&upload, most).is_err());
            upload.broken().unwrap()
        };
        assert_eq!(fault(Some(4), Pieces::new(["abc"]), 9), Broken::TooFew { got: 3, said: 4 });
        assert_eq!(fault(Some(2), Pieces::new(["abc"]), 9), Broken::TooMany { got: 3, said: 2 });
        assert_eq!(fault(None, Pieces::new(["abc", "d"]), 3), Broken::TooLarge(3));
        assert!(matches!(fault(None, Pieces::broken(["abc"]), 9), Broken::Unreadable(_)));
    }

    #[test]
    fn the_file_is_untouched_until_the_head_is_taken() {
        let upload = upload("a", None, Pieces::new(["abc"]));
        for _ in 0..2 {
            let mut body = Multipart::new("file", &upload, [1, 2], 9).into_body();
            assert!(Simulated::new(1).run(body.source.next()).unwrap().is_some());
            assert!(!upload.is_taken());
        }
        assert!(all(&upload, 9).unwrap().contains("abc"));
        assert!(upload.is_taken() && all(&upload, 9).is_err());
    }
}
