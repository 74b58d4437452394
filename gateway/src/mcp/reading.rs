//! `read-list` and `read-report`: a bounded piece of a list.

use super::{
    arguments::{self, List, Report, within},
    calling::Target,
    making::{LEAST_BYTES, MOST_BYTES, USUAL_BYTES, heading, own},
    messages::Session,
    output::Output,
    page::Piece,
    progress::Told,
};
use crate::{
    answer::json,
    invoke::texts,
    openapi::{self, page_sizes},
    problem::Problem,
};
use penstock::{
    client::Reader,
    contract::{
        FieldError, ListEnd, OnMisfit,
        catalogue::{Effect, Paging, Type},
    },
    entry::{dynamic, form::NormalForm, stream_records::stream_records},
    host::Host,
};

/// How many records are given unless their caller says something else.
const USUAL_RECORDS: usize = 50;
/// The most.
pub(super) const MOST_RECORDS: usize = 1000;
/// How many rows of a report are: each page of one costs a minute.
const USUAL_ROWS: usize = 500;

/// The operation of the rows of a report.
pub(super) const REPORT: &str = "reporting.reports-data-list";

/// A read that has been let in and is yet to begin.
pub(super) struct Reading<H> {
    reader: Reader<H>,
    target: Target,
    limit: usize,
    most: usize,
    fields: Option<Vec<String>>,
    as_text: bool,
}

/// What bounds a read.
struct Bounds {
    limit: usize,
    most: usize,
    fields: Option<Vec<String>>,
    resume: Option<String>,
    on_misfit: Option<OnMisfit>,
    as_text: bool,
}

/// Begins to read a list.
///
/// # Errors
/// What does not fit, and who may not, as a result.
pub(super) async fn list<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    json: &str,
    named: Option<&'static str>,
) -> Result<Reading<H>, Box<Output>> {
    let list: List = arguments::read(json)?;
    let given = list.operation.as_deref();
    let target = session.target(list.provider.as_deref(), own(named, given)?, list.account.clone())?;
    let parameters = texts("parameters", list.parameters)?;
    let body = list.body.map(|body| body.get().to_owned());
    let bounds = Bounds {
        limit: within("limit", list.limit, USUAL_RECORDS, 1, MOST_RECORDS)?,
        most: within("maxBytes", list.max_bytes, USUAL_BYTES, LEAST_BYTES, MOST_BYTES)?,
        fields: list.fields,
        resume: list.resume,
        on_misfit: on_misfit(list.on_misfit.as_deref())?,
        as_text: list.as_text,
    };
    open(session, target, &parameters, body.as_deref(), bounds).await
}

/// Begins to read a report. Its parameters come by their names, as agents like it.
///
/// # Errors
/// As [`list`].
pub(super) async fn report<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    text: &str,
) -> Result<Reading<H>, Box<Output>> {
    let report: Report = arguments::read(text)?;
    let target = session.target(None, Some(REPORT), report.account.clone())?;
    let parameters =
        [("report_category".to_owned(), report.category), ("reportId".to_owned(), report.report.to_string())];
    let given = report.parameters.0.iter();
    let given: Vec<_> =
        given.map(|(name, value)| format!(r#"{{"name":{},"value":{}}}"#, json(name), value.get())).collect();
    let body = format!(r#"{{"parameters":[{}]}}"#, given.join(","));
    let bounds = Bounds {
        limit: within("limit", report.limit, USUAL_ROWS, 1, MOST_RECORDS)?,
        most: within("maxBytes", report.max_bytes, USUAL_BYTES, LEAST_BYTES, MOST_BYTES)?,
        fields: report.fields,
        resume: report.resume,
        on_misfit: None,
        as_text: report.as_text,
    };
    open(session, target, &parameters, Some(&body), bounds).await
}

async fn open<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    target: Target,
    parameters: &[(String, String)],
    body: Option<&str>,
    bounds: Bounds,
) -> Result<Reading<H>, Box<Output>> {
    let operation = target.operation;
    suits(&target)?;
    session.enter(&target).await?;
    let mut options = session.options(&target.account)?;
    // No page is asked for that would not be given; a resume has its own size.
    options.window = Some(1);
    let is_by_cursor = matches!(operation.paging, Paging::Export | Paging::Cursor);
    let named = parameters.iter().any(|(name, _)| name == "pageSize");
    if !is_by_cursor && !named && bounds.resume.is_none() {
        let sizes = page_sizes(operation);
        let size = u32::try_from(bounds.limit).unwrap_or(u32::MAX);
        options.page_size = Some(size.min(sizes.end.saturating_sub(1)).max(sizes.start));
    }
    options.resume = bounds.resume;
    options.on_misfit = bounds.on_misfit;
    let opened = dynamic::list(session.gateway.client(), operation, parameters, body, Some(&options)).await;
    let reader = match opened {
        Ok(reader) => reader,
        Err(failure) => return Err(Box::new(session.told(&target, Problem::from(failure)).await.into())),
    };
    let Bounds { limit, most, fields, as_text, .. } = bounds;
    Ok(Reading { reader, target, limit, most, fields, as_text })
}

/// Whether it is a list that changes nothing.
pub(super) fn suits(target: &Target) -> Result<(), Problem> {
    let operation = target.operation;
    match operation.is_list() && operation.effect == Effect::Read {
        true => Ok(()),
        false => {
            let message = format!("`{}` is no list: use call-operation or fetch-file", operation.name);
            Err(Problem::from(FieldError::new("operation", message)))
        }
    }
}

fn on_misfit(given: Option<&str>) -> Result<Option<OnMisfit>, FieldError> {
    match given {
        None => Ok(None),
        Some("fail") => Ok(Some(OnMisfit::Fail)),
        Some("skip") => Ok(Some(OnMisfit::Skip)),
        Some("raw") => Ok(Some(OnMisfit::Raw)),
        Some(_) => Err(FieldError::new("onMisfit", "must be fail, skip or raw")),
    }
}

impl<H: Host + 'static> Reading<H> {
    /// Reads; none if nobody waits any more.
    pub(super) async fn run(self, told: &mut impl Told) -> Option<Output> {
        let Reading { reader, target, limit, most, fields, as_text } = self;
        let ty = target.operation.answer.as_ref().unwrap_or(&Type::Json);
        let mut piece = Piece::new(limit, most, fields, told);
        let ended = stream_records(reader, &mut piece, NormalForm(ty)).await;
        if piece.is_abandoned {
            return None;
        }
        Some(match ended {
            Ok(end) => given(&target, &piece, &end, as_text),
            Err(failure) => {
                let count = piece.records.len();
                Output::failed(&Problem::from(failure), |out| {
                    heading(out, &target);
                    out.raw("records", &piece.array());
                    out.value("count", count);
                    out.value("complete", false);
                })
            }
        })
    }
}

fn given<T>(target: &Target, piece: &Piece<'_, T>, end: &ListEnd, as_text: bool) -> Output {
    let (name, provider) = (target.operation.name, target.operation.provider);
    let count = piece.records.len();
    let complete = end.complete || (piece.is_end && !piece.is_full);
    let noun = if count == 1 { "record" } else { "records" };
    let mut text = format!("{count} {noun} of {name} of {provider}");
    match (complete, piece.total) {
        (true, _) => text.push_str("; there are no more."),
        (false, total) => {
            let of = total.map_or_else(String::new, |total| format!(", {total} in all"));
            let why = if piece.records.len() < piece.limit {
                "as many bytes as were allowed"
            } else {
                "as many as were asked for"
            };
            text.push_str(&format!(
                "{of}; {why}, and there may be more: ask again with the same arguments and `resume`."
            ));
        }
    }
    if piece.too_large > 0 {
        text.push_str(&format!(
            " {} of them had more bytes than `maxBytes` and stand there as `$leftOut`: name the `fields` that are needed, or raise `maxBytes`.",
            piece.too_large
        ));
    }
    if end.misfits > 0 {
        text.push_str(&format!(" {} did not fit the contract.", end.misfits));
    }
    Output::data(&text, as_text, |out: &mut openapi::Json| {
        heading(out, target);
        out.raw("records", &piece.array());
        out.value("count", count);
        out.value("complete", complete);
        if let Some(total) = piece.total {
            out.value("total", total);
        }
        if piece.too_large > 0 {
            out.value("leftOut", piece.too_large);
        }
        if end.misfits > 0 {
            out.value("misfits", end.misfits);
        }
        out.value("resume", &end.resume);
    })
}
