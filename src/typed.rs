//! Typed calls: WIT-shaped values in and out.
//!
//! The code that is generic over a record type is kept thin: it turns values into a
//! [`Call`] and bytes into values, and leaves the rest to the driver.

use crate::{
    catalogue::{Operation, Type},
    contract::{AnswerInfo, CallOptions, Failure, FailureKind, FieldError, Outcome, PageInfo, PageRequest},
    driver::{Answer, Call, Connector, Options, Payload, Reader, bad_input, fields},
    host::Host,
    normalize::{self, DecodeError},
};
use serde::{Serialize, de::DeserializeOwned};
use std::rc::Rc;

/// A call that is being put together from typed arguments.
pub struct Request {
    operation: &'static Operation,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<String>,
    wrong: Vec<FieldError>,
}

impl Request {
    /// A call of this operation, without arguments yet.
    #[must_use]
    pub fn new(operation: &'static Operation) -> Request {
        Request { operation, segments: Vec::new(), query: Vec::new(), body: None, wrong: Vec::new() }
    }

    /// The next placeholder of the path.
    #[must_use]
    pub fn path(mut self, value: &impl ToString) -> Request {
        if let Some(placeholder) = self.operation.path_parameters.get(self.segments.len()) {
            match crate::driver::segment(placeholder, &value.to_string()) {
                Ok(segment) => self.segments.push(segment),
                Err(error) => {
                    self.wrong.push(error);
                    self.segments.push(String::new());
                }
            }
        }
        self
    }

    /// The query record.
    #[must_use]
    pub fn query<T: Serialize>(mut self, query: &T) -> Request {
        if let Some(record) = self.operation.query {
            match normalize::encode_query(record, query) {
                Ok(pairs) => self.query = pairs,
                Err(problems) => self.wrong.extend(fields(problems)),
            }
        }
        self
    }

    /// The body.
    #[must_use]
    pub fn body<T: Serialize>(mut self, body: &T) -> Request {
        if let Some(ty) = &self.operation.body {
            match normalize::encode_body(ty, body) {
                Ok(text) => self.body = Some(text),
                Err(problems) => self.wrong.extend(fields(problems)),
            }
        }
        self
    }

    /// The call, or everything that does not fit.
    ///
    /// # Errors
    /// `bad-input`, before anything was sent.
    pub fn call(self) -> Result<Call, Failure> {
        if self.wrong.is_empty() {
            Ok(Call::new(self.operation, self.segments, self.query, self.body))
        } else {
            Err(bad_input(self.wrong).of(self.operation.name, "", Vec::new()))
        }
    }

    /// Calls, and decodes the one value of the answer.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub async fn value<H: Host, T: DeserializeOwned>(
        self,
        connector: &Connector<H>,
        options: &Option<CallOptions>,
    ) -> Result<T, Failure> {
        Ok(self.informed_value(connector, options).await?.0)
    }

    /// The same, with where the answer came from.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub async fn informed_value<H: Host, T: DeserializeOwned>(
        self,
        connector: &Connector<H>,
        options: &Option<CallOptions>,
    ) -> Result<(T, AnswerInfo), Failure> {
        let operation = self.operation;
        let answer = connector.call(&self.call()?, None, &Options::check(options.as_ref())?).await?;
        let empty =
            DecodeError { path: "$".to_owned(), message: "the answer is empty".to_owned(), malformed: false };
        let decoded = match (&answer.payload, &operation.answer) {
            (Payload::Value(body), Some(ty)) => normalize::decode(ty, body),
            _ => Err(empty),
        };
        let value = decoded.map_err(|error| undecodable(operation, &answer.call_id, answer.status, error))?;
        Ok((value, answer.info()))
    }

    /// Calls; an answer has no body worth reading.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub async fn nothing<H: Host>(
        self,
        connector: &Connector<H>,
        options: &Option<CallOptions>,
    ) -> Result<(), Failure> {
        let call = self.call()?;
        connector.call(&call, None, &Options::check(options.as_ref())?).await.map(drop)
    }

    /// Calls, and decodes the records of the one page that the answer is.
    ///
    /// # Errors
    /// Everything that can go wrong; also when more records follow, since there is no
    /// way to ask for them.
    pub async fn informed_items<H: Host, T: DeserializeOwned>(
        self,
        connector: &Connector<H>,
        options: &Option<CallOptions>,
    ) -> Result<(Vec<T>, AnswerInfo), Failure> {
        let operation = self.operation;
        let answer = connector.call(&self.call()?, None, &Options::check(options.as_ref())?).await?;
        let envelope = whole_envelope(operation, &answer)?;
        let items = envelope.items.iter().map(|range| envelope.body.get(range.clone()).unwrap_or_default());
        let items = decode_all(operation, |index| index, items)
            .map_err(|error| undecodable(operation, &answer.call_id, answer.status, error))?;
        Ok((items, answer.info()))
    }

    /// Reads one page.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub async fn page<H: Host + 'static, T: DeserializeOwned>(
        self,
        connector: &Rc<Connector<H>>,
        page: PageRequest,
        options: &Option<CallOptions>,
    ) -> Result<(Vec<T>, PageInfo), Failure> {
        let operation = self.operation;
        let (page, info) =
            Reader::single(connector, self.call()?, &page, Options::check(options.as_ref())?).await?;
        let items = decode_all(operation, |index| page.place(index), page.items());
        items
            .map(|items| (items, info))
            .map_err(|error| undecodable(operation, &page.call_id, page.status, error))
    }

    /// A reader of all pages.
    ///
    /// # Errors
    /// `bad-input` and `configuration`, before anything was sent.
    pub async fn reader<H: Host + 'static>(
        self,
        connector: &Rc<Connector<H>>,
        options: Option<CallOptions>,
    ) -> Result<Reader<H>, Failure> {
        let call = self.call()?;
        Reader::open(connector, call, Options::check(options.as_ref())?).await
    }
}

/// The records of an envelope that must hold all of them.
pub(crate) fn whole_envelope<'a>(
    operation: &Operation,
    answer: &'a Answer,
) -> Result<&'a crate::vendor::Envelope, Failure> {
    let wrong = |path: &str, message: &str| {
        let error = DecodeError { path: path.to_owned(), message: message.to_owned(), malformed: false };
        undecodable(operation, &answer.call_id, answer.status, error)
    };
    match &answer.payload {
        Payload::Page(envelope) if envelope.has_more == Some(true) => {
            Err(wrong("$.hasMore", "says that more records follow, which cannot be asked for"))
        }
        Payload::Page(envelope) => Ok(envelope),
        _ => Err(wrong("$", "the answer is empty")),
    }
}

/// Decodes records; the path of an error begins with the place of its record.
fn decode_all<'a, T: DeserializeOwned>(
    operation: &'static Operation,
    place: impl Fn(usize) -> usize,
    items: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<T>, DecodeError> {
    let ty = record_type(operation);
    items
        .enumerate()
        .map(|(index, item)| normalize::decode(ty, item).map_err(|error| at(place(index), error)))
        .collect()
}

/// The type of an operation's records. `build.rs` gives every list one.
pub(crate) fn record_type(operation: &'static Operation) -> &'static Type {
    operation.answer.as_ref().unwrap_or(&Type::Json)
}

/// Puts the place of a record before the path of its error.
pub(crate) fn at(index: usize, error: DecodeError) -> DecodeError {
    let path = format!("$.data[{index}]{}", error.path.strip_prefix('$').unwrap_or(&error.path));
    DecodeError { path, ..error }
}

/// The vendor's answer does not fit the contract.
pub(crate) fn undecodable(operation: &Operation, call_id: &str, status: u16, error: DecodeError) -> Failure {
    let reads = operation.effect == crate::catalogue::Effect::Read;
    let message = format!("the answer does not fit the contract: {} {}", error.path, error.message);
    let field = FieldError { field: error.path, message: error.message };
    let failure = crate::driver::refused(FailureKind::Decode, message, vec![field]);
    let outcome = if reads { Outcome::NotApplied } else { Outcome::Applied };
    Failure { outcome, status: Some(status), ..failure }.of(operation.name, call_id, Vec::new())
}
