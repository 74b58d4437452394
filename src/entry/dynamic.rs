//! Dynamic calls: any operation by name, text and JSON in, the normal form out.

use super::{
    form::{Elements, Form, make, name},
    typed::{misfit_failed, record_type, value_misfit, whole_envelope},
};
use crate::{
    answer::{Accepted, Misfits, Payload},
    call::{self, Call},
    client::{Client, Reader, id_member},
    codec::{self, url::segment, whole_number},
    contract::{
        AnswerInfo, CallOptions, Failure, FieldError, Misfit, OnMisfit, PageInfo, PageRequest,
        catalogue::{self, Operation, Paging, Parameter, Type},
    },
    failure::{bad_field, bad_input, printable},
    host::Host,
    policy::limiter::queue::Caller,
    providers::{api::ResolvedCall, registry},
};
use bytes::Bytes;
use std::rc::Rc;

/// The parameters that select a page of a numbered list.
const PAGE_PARAMETERS: [&str; 3] = ["page", "pageSize", "includeTotal"];

/// An answer in normal form.
#[derive(Debug)]
pub struct Answer {
    /// The body as JSON; a page is an array of its records.
    pub body: Option<String>,
    /// Where the page stands, if the operation is a list.
    pub page: Option<PageInfo>,
    /// Where it came from.
    pub info: AnswerInfo,
    /// What it was made of.
    pub made_of: MadeOf,
}

/// What the provider sent of an answer. The memory of both is charged to the instance until this is
/// dropped: whoever keeps bodies while readers take their time must keep it as well, or they
/// could hold more memory than there is.
#[derive(Clone, Default)]
pub struct MadeOf(Bytes);

impl MadeOf {
    /// The body as the provider sent it; of a page, its whole envelope.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for MadeOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Answer {
    /// The answer alone: others may have the memory that it was charged with.
    #[must_use]
    pub fn released(self) -> Answer {
        Answer { made_of: MadeOf::default(), ..self }
    }
}

/// Finds an operation by name.
///
/// # Errors
/// `bad-input` that names what is not known, and the nearest that is.
pub fn operation(provider: &str, name: &str) -> Result<&'static Operation, Failure> {
    catalogue::find(provider, name).map_err(|missing| {
        if missing.what == "vendor" {
            return registry::unknown(provider);
        }
        let hint = missing.nearest.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        bad_field(missing.what, format!("`{}` is not known{hint}", printable(name)))
    })
}

/// Calls an operation once; a list answers with one page.
///
/// # Errors
/// Everything that can go wrong.
pub async fn invoke<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    parameters: &[(String, String)],
    body: Option<&str>,
    options: Option<&CallOptions>,
) -> Result<Answer, Failure> {
    invoke_with(client, operation, parameters, body, call::CallOptions::check(options)?, None).await
}

/// The same, with options that are checked. `caller` is whose turn it takes, if it is part of
/// something larger.
///
/// # Errors
/// Everything that can go wrong.
pub async fn invoke_with<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    parameters: &[(String, String)],
    body: Option<&str>,
    options: call::CallOptions,
    caller: Option<Caller>,
) -> Result<Answer, Failure> {
    let (call, page) = prepare(operation, parameters, body, true)?;
    answer(client, call, &page, options, caller).await
}

/// Makes a call that was checked.
///
/// # Errors
/// Everything that can go wrong.
pub(crate) async fn answer<H: Host + 'static>(
    client: &Rc<Client<H>>,
    call: ResolvedCall,
    page: &PageRequest,
    options: call::CallOptions,
    caller: Option<Caller>,
) -> Result<Answer, Failure> {
    let operation = call.call.operation;
    let ty = record_type(operation);
    let records = Records { form: Elements(ty), id_member: id_member(&call), on_misfit: options.on_misfit() };
    if operation.is_list() {
        let (page, mut info) = Reader::single(client, call, page, options, caller).await?;
        let items = page.items().enumerate().map(|(index, json)| (page.place(index), json));
        let (body, misfits) = records
            .array(items)
            .map_err(|misfit| client.clean_misfit(misfit))
            .map_err(|misfit| misfit_failed(operation, &page.call_id, page.status, misfit))
            .map_err(|failure| Failure { resume: page.again.clone(), ..failure })?;
        info.answer = client.clean_misfits(misfits).of(info.answer);
        let made_of = MadeOf(page.source());
        return Ok(Answer { body: Some(body), info: info.answer.clone(), page: Some(info), made_of });
    }
    let answer = client.call_by(caller, &call, &options).await?;
    let refused =
        |misfit| misfit_failed(operation, &answer.call_id, answer.status, client.clean_misfit(misfit));
    let mut made_of = MadeOf::default();
    let (body, misfits) = match &answer.payload {
        Payload::Nothing => (None, Misfits::default()),
        Payload::Value(body) | Payload::Accepted(Accepted { body, .. }) => {
            made_of = MadeOf(body.clone());
            match operation.answer {
                Some(_) => one(&call, &options, ty, body)
                    .map(|(body, misfits)| (Some(body), misfits))
                    .map_err(refused)?,
                // The contract knows no answer here, so there is nothing to normalise.
                None => (String::from_utf8(body.to_vec()).ok(), Misfits::default()),
            }
        }
        Payload::Page(_) => {
            let envelope = whole_envelope(operation, &answer)?;
            made_of = MadeOf(envelope.body.clone());
            let (body, misfits) = records.array(envelope.records().enumerate()).map_err(refused)?;
            (Some(body), misfits)
        }
    };
    Ok(Answer { body, page: None, info: client.clean_misfits(misfits).of(answer.info()), made_of })
}

/// An answer that is one value.
///
/// # Errors
/// It does not fit. It cannot be left out, so that `skip` is no way around that.
fn one(
    call: &ResolvedCall,
    options: &call::CallOptions,
    ty: &Type,
    json: &[u8],
) -> Result<(String, Misfits), Misfit> {
    let mut misfits = Misfits::default();
    let error = match codec::transcode(ty, json) {
        Ok(body) => return Ok((body, misfits)),
        Err(error) => error,
    };
    let misfit = value_misfit(call, json, &error);
    if options.on_misfit() != OnMisfit::Raw {
        return Err(misfit);
    }
    misfits.add(misfit);
    Ok((codec::marked(json, &error), misfits))
}

/// Opens a read of all pages.
///
/// # Errors
/// An operation that is no list, and everything that is wrong with the parameters.
pub async fn list<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    parameters: &[(String, String)],
    body: Option<&str>,
    options: Option<&CallOptions>,
) -> Result<Reader<H>, Failure> {
    if !operation.is_list() {
        return Err(bad_field("operation", format!("`{}` is no list", operation.name)));
    }
    let (call, page) = prepare(operation, parameters, body, false)?;
    let mut options = call::CallOptions::check(options)?;
    options.page_size = page.page_size.or(options.page_size);
    Reader::open(client, call, options, None).await
}

/// Checks everything at once, before anything is sent. `one_page` is whether the parameters
/// may select a page, as those of a read of all pages may not.
///
/// # Errors
/// `bad-input` that names everything that does not fit.
pub fn prepare(
    operation: &'static Operation,
    parameters: &[(String, String)],
    body: Option<&str>,
    one_page: bool,
) -> Result<(ResolvedCall, PageRequest), Failure> {
    let mut wrong = Vec::new();
    let (page, parameters) = page_request(operation, parameters, one_page, &mut wrong);
    let is_path = |name: &str| operation.path_parameters.iter().any(|placeholder| placeholder.wire == name);
    let (path, query): (Vec<_>, Vec<_>) = parameters.into_iter().partition(|(name, _)| is_path(name));

    let mut segments = Vec::new();
    for placeholder in operation.path_parameters {
        let mut given = path.iter().filter(|(name, _)| name == placeholder.wire);
        match (given.next(), given.next()) {
            (Some((_, value)), None) => match segment(placeholder, value) {
                Ok(segment) => segments.push(segment),
                Err(error) => wrong.push(error),
            },
            (None, _) => wrong.push(FieldError::new(placeholder.wire, "is missing")),
            (Some(_), Some(_)) => wrong.push(FieldError::new(placeholder.wire, "is given more than once")),
        }
    }
    let query = match operation.query {
        Some(record) => codec::query_from_text(record, &query).unwrap_or_else(|problems| {
            wrong.extend(problems);
            Vec::new()
        }),
        None => {
            wrong.extend(query.iter().map(|(name, _)| unknown(operation, name)));
            Vec::new()
        }
    };
    let body = match (&operation.body, body) {
        (Some(ty), Some(body)) => match codec::body_from_json(ty, body) {
            Ok(body) => Some(body),
            Err(problems) => {
                wrong.extend(problems);
                None
            }
        },
        (Some(_), None) => {
            wrong.push(FieldError::new("body", "is missing"));
            None
        }
        (None, Some(_)) => {
            wrong.push(FieldError::new("body", "is not taken by this operation"));
            None
        }
        (None, None) => None,
    };
    match wrong.is_empty() {
        true => Ok((registry::resolve(Call::new(operation, segments, query, body))?, page)),
        false => Err(bad_input(wrong).of(operation.name, "", Vec::new())),
    }
}

/// Takes the page's own parameters out of a numbered list's.
fn page_request<'a>(
    operation: &Operation,
    parameters: &'a [(String, String)],
    one_page: bool,
    wrong: &mut Vec<FieldError>,
) -> (PageRequest, Vec<(String, String)>) {
    let mut page = PageRequest { page: None, page_size: None, include_total: false, resume: None };
    let numbered = operation.is_list() && !matches!(operation.paging, Paging::Export | Paging::Cursor);
    let mut rest = Vec::new();
    for (name, value) in parameters {
        let name: &'a str = name;
        if !numbered || !PAGE_PARAMETERS.contains(&name) {
            rest.push((name.to_owned(), value.clone()));
            continue;
        }
        if parameters.iter().filter(|(other, _)| other == name).count() > 1 {
            if !wrong.iter().any(|wrong| wrong.field == name) {
                wrong.push(FieldError::new(name, "is given more than once"));
            }
            continue;
        }
        let number = || {
            let number = whole_number(value).filter(|number| *number > 0)?;
            u32::try_from(number).ok()
        };
        match name {
            "pageSize" => {
                page.page_size = number().or_else(|| refuse(wrong, name, "must be a whole number from 1"));
            }
            _ if !one_page => {
                wrong.push(FieldError::new(name, "selects one page; a whole read goes through all of them"));
            }
            "page" => page.page = number().or_else(|| refuse(wrong, name, "must be a whole number from 1")),
            _ => match value.to_ascii_lowercase().as_str() {
                "true" => page.include_total = true,
                "false" => page.include_total = false,
                _ => wrong.push(FieldError::new(name, "must be true or false")),
            },
        }
    }
    (page, rest)
}

fn refuse(wrong: &mut Vec<FieldError>, name: &str, message: &str) -> Option<u32> {
    wrong.push(FieldError::new(name, message));
    None
}

fn unknown(operation: &Operation, name: &str) -> FieldError {
    let known: Vec<&str> = operation.parameters().map(|parameter: Parameter| parameter.wire()).collect();
    let hint = catalogue::nearest(name, known.into_iter()).map(|near| format!("; did you mean `{near}`?"));
    FieldError::new(printable(name), format!("is not known{}", hint.unwrap_or_default()))
}

/// How the records of one answer are given.
struct Records {
    form: Elements,
    id_member: Option<&'static str>,
    on_misfit: OnMisfit,
}

impl Records {
    /// Records as a JSON array, and what does not fit of them. Each comes with its place in the
    /// provider's list.
    ///
    /// # Errors
    /// The first that does not fit, if the call is to fail then.
    fn array<'a>(
        &self,
        records: impl Iterator<Item = (usize, &'a [u8])>,
    ) -> Result<(String, Misfits), Misfit> {
        // As much as the records have in the provider's JSON, which is as much as they have in most
        // cases: a text that grows by doubling would take three times as much while it does.
        let records: Vec<_> = records.collect();
        let length: usize = records.iter().map(|(_, json)| json.len() + 1).sum();
        let (mut batch, mut misfits) = (self.form.batch(length + 2), Misfits::default());
        for (place, json) in records {
            let named = |error| name(self.id_member, json, place, error);
            let (_, misfit) = make(&self.form, self.on_misfit, &mut batch, json).map_err(named)?;
            if let Some(error) = misfit {
                misfits.add(named(error));
            }
        }
        let mut out = self.form.finish(batch).concat();
        out.insert(0, '[');
        out.push(']');
        Ok((out, misfits))
    }
}
