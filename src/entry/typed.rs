//! Typed calls: parameters and results as they stand in memory.
//!
//! A function of a provider's interface takes the placeholders of its path, then `query`,
//! `body`, `page` and `options`, as far as it has them. All that is known of it is its
//! operation's table, so what is here serves every function.

use crate::{
    answer::{Answer, Payload},
    call::{self, Call},
    client::{Client, Download, Reader},
    codec::{self, DecodeError, url::segment},
    contract::{
        AnswerInfo, CallOptions, Failure, FailureKind, FieldError, Outcome, PageInfo, PageRequest,
        abi::{self, Abi, AbiError, Arena, Layout, Memory, Places},
        catalogue::{Effect, Operation, Paging, Type},
    },
    failure::{bad_input, refused},
    files::Upload,
    host::Host,
    providers::{
        api::{Envelope, ResolvedCall},
        registry,
    },
};
use std::rc::Rc;

/// What a function was called with.
#[derive(Debug)]
pub struct Arguments {
    call: Result<Call, Failure>,
    page: Option<PageRequest>,
    options: Option<CallOptions>,
    upload: Option<abi::Upload>,
}

impl Arguments {
    /// Reads the parameters of an operation's function, and releases all that they hold.
    /// `whole` is the function that reads a whole list, which takes no `page`.
    ///
    /// # Errors
    /// The memory does not hold them. That a value does not fit is told by the call.
    pub fn lift(
        operation: &'static Operation,
        whole: bool,
        memory: &dyn Memory,
        at: u32,
    ) -> Result<Arguments, AbiError> {
        let (mut places, mut wrong) = (Places::at(at), Vec::new());
        let mut segments = Vec::new();
        for placeholder in operation.path_parameters {
            let place = places.next(Layout::of(&placeholder.ty));
            let given = codec::lift_text(&placeholder.ty, memory, place)?;
            // A text on its own has no path: its name is the placeholder's.
            let named = |error: FieldError| FieldError::new(placeholder.wire, error.message);
            match given {
                Ok(text) => match segment(placeholder, &text) {
                    Ok(segment) => segments.push(segment),
                    Err(error) => wrong.push(error),
                },
                Err(problems) => wrong.extend(problems.into_iter().map(named)),
            }
        }
        let mut query = Vec::new();
        if let Some(record) = operation.query {
            let place = places.next(Layout::of(&Type::Record(record)));
            match codec::lift_query(record, memory, place)? {
                Ok(pairs) => query = pairs,
                Err(problems) => wrong.extend(problems),
            }
        }
        let mut body = None;
        if let Some(ty) = &operation.body {
            match codec::lift_body(ty, memory, places.next(Layout::of(ty)))? {
                Ok(text) => body = Some(text),
                Err(problems) => wrong.extend(problems),
            }
        }
        let mut upload = None;
        if operation.upload.is_some() {
            upload = Some(abi::Upload::lift(memory, places.next(abi::Upload::LAYOUT))?);
        }
        let mut page = None;
        if operation.is_list() && !whole {
            page = Some(PageRequest::lift(memory, places.next(PageRequest::LAYOUT))?);
        }
        let options = Option::lift(memory, places.next(<Option<CallOptions>>::LAYOUT))?;
        let parameters = places.end();
        memory.release(at, parameters.size, parameters.align);
        let call = if wrong.is_empty() {
            Ok(Call::new(operation, segments, query, body))
        } else {
            Err(bad_input(wrong).of(operation.name, "", Vec::new()))
        };
        Ok(Arguments { call, page, options, upload })
    }

    /// The file that it is to send, as it was passed. Whoever takes it has its stream, and
    /// gives it back by [`Arguments::sending`].
    pub fn take_upload(&mut self) -> Option<abi::Upload> {
        self.upload.take()
    }

    /// The same with its file, or with what does not fit in it.
    #[must_use]
    pub fn sending(mut self, file: Result<Upload, Vec<FieldError>>) -> Arguments {
        self.call = match (self.call, file) {
            (Ok(call), Ok(file)) => Ok(call.sending(file)),
            (Ok(call), Err(wrong)) => Err(bad_input(wrong).of(call.operation.name, "", Vec::new())),
            (Err(failure), Ok(_)) => Err(failure),
            (Err(Failure { mut fields, operation, .. }), Err(wrong)) => {
                fields.extend(wrong);
                Err(Failure { operation, ..bad_input(fields) })
            }
        };
        self
    }

    /// Finds the file that it asks for.
    ///
    /// # Errors
    /// Everything that can go wrong before its first byte.
    pub async fn download<H: Host + 'static>(self, client: &Rc<Client<H>>) -> Result<Download<H>, Failure> {
        Download::open(
            client,
            &registry::resolve(self.call?)?,
            &call::CallOptions::check(self.options.as_ref())?,
        )
        .await
    }

    /// The call, checked.
    ///
    /// # Errors
    /// `bad-input` that names everything that does not fit.
    pub fn call(self) -> Result<Call, Failure> {
        self.call
    }

    /// A reader of all pages.
    ///
    /// # Errors
    /// `bad-input` and `configuration`, before anything was sent.
    pub async fn reader<H: Host + 'static>(self, client: &Rc<Client<H>>) -> Result<Reader<H>, Failure> {
        let options = call::CallOptions::check(self.options.as_ref())?;
        Reader::open(client, registry::resolve(self.call?)?, options, None).await
    }
}

/// Calls, and returns what the function returns: a `result`, as it stands in memory.
pub async fn answer<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    arguments: Arguments,
) -> Arena {
    let answered = call_and_lower(client, operation, arguments).await;
    answered.unwrap_or_else(|failure| failed(operation, &failure))
}

/// The `result` of a function that failed.
#[must_use]
pub fn failed(operation: &Operation, failure: &Failure) -> Arena {
    let payload = payload(operation);
    let mut arena = Arena::with(result(operation));
    arena.put_discriminant(0, 2, 1);
    failure.lower(&mut arena, Layout::payload(2, payload));
    arena
}

/// The `result` of a function that found a file, with the handles that its caller gets.
#[must_use]
pub fn downloaded(operation: &Operation, download: &abi::Download) -> Arena {
    let payload = payload(operation);
    let mut arena = Arena::with(result(operation));
    download.lower(&mut arena, Layout::payload(2, payload));
    arena
}

/// The parameters could not be read.
#[must_use]
pub fn broken(operation: &Operation, error: AbiError) -> Failure {
    refused(FailureKind::Internal, error.to_string(), Vec::new()).of(operation.name, "", Vec::new())
}

/// The `result` that an operation's function returns.
#[must_use]
pub fn result(operation: &Operation) -> Layout {
    Layout::variant(2, payload(operation))
}

/// Room for either side of a function's result.
fn payload(operation: &Operation) -> Layout {
    ok(operation).or(Failure::LAYOUT)
}

/// The `ok` side of a function's result.
fn ok(operation: &Operation) -> Layout {
    if operation.file {
        return abi::Download::LAYOUT;
    }
    let Some(ty) = &operation.answer else { return Layout::EMPTY };
    match operation.paging {
        Paging::None if informed(operation) => {
            Layout::EMPTY.field(Layout::of(ty)).field(AnswerInfo::LAYOUT).end()
        }
        Paging::None => Layout::of(ty),
        Paging::Envelope => Layout::LIST.field(AnswerInfo::LAYOUT).end(),
        _ => Layout::LIST.field(PageInfo::LAYOUT).end(),
    }
}

/// Whether `answer-info` stands beside the value; `build/answer.rs` has the rule.
fn informed(operation: &Operation) -> bool {
    operation.effect == Effect::Read
}

async fn call_and_lower<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    arguments: Arguments,
) -> Result<Arena, Failure> {
    let call: ResolvedCall = registry::resolve(arguments.call?)?;
    let options = call::CallOptions::check(arguments.options.as_ref())?;
    let room = || {
        let places = Places::at(Layout::payload(2, payload(operation)));
        (Arena::with(result(operation)), places)
    };
    match &arguments.page {
        None => {
            let answer = client.call(&call, None, &options).await?;
            let (mut arena, places) = room();
            lower_answer(operation, &answer, &mut arena, places)?;
            Ok(arena)
        }
        Some(page) => {
            let (page, info) = Reader::single(client, call, page, options, None).await?;
            let refused = |error| undecodable(operation, &page.call_id, page.status, error);
            let (mut arena, mut places) = room();
            let place = places.next(Layout::LIST);
            let items = (page.len(), page.items());
            records(record_type(operation), items, |index| page.place(index), &mut arena, place)
                .map_err(|error| Failure { resume: page.again.clone(), ..refused(error) })?;
            info.lower(&mut arena, places.next(PageInfo::LAYOUT));
            Ok(arena)
        }
    }
}

/// The `ok` side of a function with one answer.
fn lower_answer(
    operation: &'static Operation,
    answer: &Answer,
    arena: &mut Arena,
    mut places: Places,
) -> Result<(), Failure> {
    let Some(ty) = &operation.answer else { return Ok(()) };
    let refused = |error| undecodable(operation, &answer.call_id, answer.status, error);
    if operation.paging == Paging::Envelope {
        let envelope = whole_envelope(operation, answer)?;
        let items = (envelope.items.len(), envelope.records());
        records(ty, items, |index| index, arena, places.next(Layout::LIST)).map_err(refused)?;
    } else {
        let Some(body) = answer.payload.value() else { return Err(refused(empty())) };
        let place = places.next(Layout::of(ty));
        codec::decode_into(ty, body, arena, place).map_err(refused)?;
    }
    if informed(operation) {
        answer.info().lower(arena, places.next(AnswerInfo::LAYOUT));
    }
    Ok(())
}

/// Writes a list of records; the path of an error begins with the place of its record.
fn records<'a>(
    ty: &Type,
    items: (usize, impl Iterator<Item = &'a [u8]>),
    place: impl Fn(usize) -> usize,
    arena: &mut Arena,
    at: u32,
) -> Result<(), DecodeError> {
    let element = Layout::of(ty);
    let mut next = arena.put_list(at, items.0, element);
    for (index, item) in items.1.enumerate() {
        codec::decode_into(ty, item, arena, next).map_err(|error| self::at(place(index), error))?;
        next += element.size;
    }
    Ok(())
}

fn empty() -> DecodeError {
    DecodeError { path: "$".to_owned(), message: "the answer is empty".to_owned(), malformed: false }
}

/// The records of an envelope that must hold all of them.
pub(crate) fn whole_envelope<'a>(operation: &Operation, answer: &'a Answer) -> Result<&'a Envelope, Failure> {
    let wrong = |path: &str, message: &str| {
        let error = DecodeError { path: path.to_owned(), message: message.to_owned(), malformed: false };
        undecodable(operation, &answer.call_id, answer.status, error)
    };
    match &answer.payload {
        Payload::Page(envelope) if envelope.has_more == Some(true) => {
            Err(wrong("$.hasMore", "says that more records follow, which cannot be asked for"))
        }
        Payload::Page(envelope) => Ok(envelope),
        _ => Err(undecodable(operation, &answer.call_id, answer.status, empty())),
    }
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

/// The provider's answer does not fit the contract.
pub(crate) fn undecodable(operation: &Operation, call_id: &str, status: u16, error: DecodeError) -> Failure {
    let reads = operation.effect == Effect::Read;
    let message = format!("the answer does not fit the contract: {} {}", error.path, error.message);
    let field = FieldError::new(error.path, error.message);
    let failure = refused(FailureKind::Decode, message, vec![field]);
    let outcome = if reads { Outcome::NotApplied } else { Outcome::Applied };
    Failure { outcome, status: Some(status), ..failure }.of(operation.name, call_id, Vec::new())
}
