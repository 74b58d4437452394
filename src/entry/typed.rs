//! Typed calls: parameters and results as they stand in memory.
//!
//! A function of a provider's interface takes the placeholders of its path, then `query`,
//! `body`, `page` and `options`, as far as it has them. All that is known of it is its
//! operation's table, so what is here serves every function.

use super::form::name;
use crate::{
    answer::{Answer, Misfits, Payload},
    call::{self, Call},
    client::{Client, Download, Reader, id_member},
    codec::{self, DecodeError, Scratch, url::segment},
    contract::{
        AnswerInfo, CallOptions, Failure, FailureKind, FieldError, Misfit, OnMisfit, Outcome, PageInfo,
        PageRequest,
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
        Arguments::lift_with::<abi::Upload>(operation, whole, memory, at)
    }

    /// The same, with a file as the function takes it.
    ///
    /// # Errors
    /// The memory does not hold them.
    pub fn lift_with<U: Abi + Into<abi::Upload>>(
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
            upload = Some(U::lift(memory, places.next(U::LAYOUT))?.into());
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
pub fn downloaded(operation: &Operation, download: &impl Abi) -> Arena {
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
            lower_answer(client, (&call, &options), &answer, &mut arena, places)?;
            Ok(arena)
        }
        Some(page) => {
            let id_member = id_member(&call);
            let on_misfit = options.on_misfit();
            let (page, mut info) = Reader::single(client, call, page, options, None).await?;
            let (mut arena, mut places) = room();
            let list = Records {
                ty: record_type(operation),
                id_member,
                on_misfit,
                items: page.items().enumerate().map(|(index, json)| (page.place(index), json)).collect(),
            };
            let misfits = list.lower(&mut arena, places.next(Layout::LIST)).map_err(|misfit| {
                let misfit = client.clean_misfit(misfit);
                let failure = misfit_failed(operation, &page.call_id, page.status, misfit);
                Failure { resume: page.again.clone(), ..failure }
            })?;
            info.answer = client.clean_misfits(misfits).of(info.answer);
            info.lower(&mut arena, places.next(PageInfo::LAYOUT));
            Ok(arena)
        }
    }
}

/// The `ok` side of a function with one answer.
fn lower_answer<H: Host + 'static>(
    client: &Client<H>,
    (call, options): (&ResolvedCall, &call::CallOptions),
    answer: &Answer,
    arena: &mut Arena,
    mut places: Places,
) -> Result<(), Failure> {
    let operation = call.call.operation;
    let Some(ty) = &operation.answer else { return Ok(()) };
    let failed =
        |misfit| misfit_failed(operation, &answer.call_id, answer.status, client.clean_misfit(misfit));
    let mut misfits = Misfits::default();
    if operation.paging == Paging::Envelope {
        let envelope = whole_envelope(operation, answer)?;
        let list = Records {
            ty,
            id_member: id_member(call),
            on_misfit: options.on_misfit(),
            items: envelope.records().enumerate().collect(),
        };
        misfits = list.lower(arena, places.next(Layout::LIST)).map_err(failed)?;
    } else {
        let Some(body) = answer.payload.value() else {
            return Err(undecodable(operation, &answer.call_id, answer.status, empty()));
        };
        let place = places.next(Layout::of(ty));
        if let Err(error) = codec::decode_into(ty, body, arena, place, &mut Scratch::default()) {
            let misfit = value_misfit(call, body, &error);
            let raw = options.on_misfit() == OnMisfit::Raw;
            if !(raw && codec::decode_misfit(ty, body, &error, arena, place)) {
                return Err(failed(misfit));
            }
            misfits.add(misfit);
        }
    }
    if informed(operation) {
        client.clean_misfits(misfits).of(answer.info()).lower(arena, places.next(AnswerInfo::LAYOUT));
    }
    Ok(())
}

/// A list of records in one answer.
struct Records<'a> {
    ty: &'static Type,
    id_member: Option<&'static str>,
    on_misfit: OnMisfit,
    /// With the place of each in the provider's list.
    items: Vec<(usize, &'a [u8])>,
}

impl Records<'_> {
    /// Writes the list, and names what does not fit.
    ///
    /// # Errors
    /// The first of these, if the call is to fail then.
    fn lower(&self, arena: &mut Arena, at: u32) -> Result<Misfits, Misfit> {
        let element = Layout::of(self.ty);
        let (mut next, mut left_out) = (arena.put_list(at, self.items.len(), element), 0);
        let (mut misfits, mut scratch) = (Misfits::default(), Scratch::default());
        for (place, json) in &self.items {
            if let Err(error) = codec::decode_into(self.ty, json, arena, next, &mut scratch) {
                let given = self.on_misfit == OnMisfit::Raw
                    && codec::decode_misfit(self.ty, json, &error, arena, next);
                let misfit = name(self.id_member, json, *place, error);
                if self.on_misfit == OnMisfit::Fail {
                    return Err(misfit);
                }
                misfits.add(misfit);
                if !given {
                    left_out += 1;
                    continue;
                }
            }
            next += element.size;
        }
        arena.shorten_list(at, self.items.len() - left_out);
        Ok(misfits)
    }
}

/// Names an answer that is one value and does not fit.
pub(super) fn value_misfit(call: &ResolvedCall, json: &[u8], error: &DecodeError) -> Misfit {
    let id = id_member(call).and_then(|member| codec::shown_id(json, member));
    Misfit { id, path: error.path.clone(), reason: error.message.clone() }
}

fn empty() -> DecodeError {
    DecodeError::at_root("the answer is empty")
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

/// The type of an operation's records. `build/` gives every list one.
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
    let DecodeError { path, message: reason, .. } = error;
    misfit_failed(operation, call_id, status, Misfit { id: None, path, reason })
}

/// A record in the provider's answer does not fit the contract.
pub(crate) fn misfit_failed(operation: &Operation, call_id: &str, status: u16, misfit: Misfit) -> Failure {
    let reads = operation.effect == Effect::Read;
    let Misfit { id, path, reason } = misfit;
    // Whoever shows only the one or only the other shows which record it is.
    let of = |id: &String| format!(" of the record with id {id}");
    let message = format!(
        "the answer does not fit the contract: {path}{}: {reason}",
        id.as_ref().map(of).unwrap_or_default()
    );
    let reason = id.map_or_else(|| reason.clone(), |id| format!("{reason} (id {id})"));
    let failure = refused(FailureKind::Decode, message, vec![FieldError::new(path, reason)]);
    let outcome = if reads { Outcome::NotApplied } else { Outcome::Applied };
    Failure { outcome, status: Some(status), ..failure }.of(operation.name, call_id, Vec::new())
}
