//! `count`: how many records a list has.

use super::{
    arguments::{self, Count},
    calling::Target,
    making::heading,
    messages::Session,
    output::Output,
    progress::Told,
    reading,
};
use crate::{invoke::texts, openapi::page_sizes, problem::Problem};
use penstock::{
    client::{ListPosition, Reader},
    codec::DecodeError,
    contract::{FieldError, catalogue::Paging},
    entry::{
        dynamic,
        stream_records::{Sink, stream_records},
    },
    host::Host,
};
use serde_json::Value;

/// How many are counted one by one unless their caller says something else.
const USUAL: u64 = 10_000;
/// The most: each page of them is a request.
const MOST: u64 = 100_000;

/// What is counted.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    /// No more than so many.
    most: u64,
    /// Whether it goes on after others.
    is_rest: bool,
}

/// A count that was let in and is yet to be made; or one that the provider has made.
pub(super) enum Counting<H> {
    /// Records are to be read.
    ByReading(Box<Reader<H>>, Target, Scope),
    /// It is known.
    Known(Output),
}

/// Begins to count.
///
/// # Errors
/// What does not fit, and who may not, as a result.
pub(super) async fn count<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    json: &str,
) -> Result<Counting<H>, Box<Output>> {
    let count: Count = arguments::read(json)?;
    let target = session.target(count.provider.as_deref(), Some(&count.operation), count.account.clone())?;
    reading::suits(&target)?;
    let mut parameters = texts("parameters", count.parameters)?;
    let body = count.body.map(|body| body.get().to_owned());
    let at_most = match count.at_most.unwrap_or(USUAL) {
        most if (1..=MOST).contains(&most) => most,
        _ => {
            let wrong = FieldError::new("atMost", format!("must be from 1 to {MOST}"));
            return Err(Box::new(Problem::from(wrong).into()));
        }
    };
    session.enter(&target).await?;
    let mut options = session.options(&target.account)?;
    let operation = target.operation;
    let is_by_cursor = matches!(operation.paging, Paging::Export | Paging::Cursor);
    if operation.counted && !is_by_cursor && count.resume.is_none() {
        parameters.push(("includeTotal".to_owned(), "true".to_owned()));
        parameters.push(("pageSize".to_owned(), page_sizes(operation).start.to_string()));
        let response = session.made(&target, parameters, body, options, None).await?;
        let page: Value = serde_json::from_str(response.body()).unwrap_or_default();
        let total = page.get("page").and_then(|page| page.get("totalCount")).and_then(Value::as_u64);
        let wrong =
            || Problem::from(FieldError::new("operation", "the vendor did not say how many there are"));
        return Ok(Counting::Known(told(&target, total.ok_or_else(wrong)?, (true, false), None)));
    }
    let scope = Scope { most: at_most, is_rest: count.resume.is_some() };
    options.resume = count.resume;
    if !is_by_cursor && options.resume.is_none() {
        options.page_size = Some(page_sizes(operation).end.saturating_sub(1));
    }
    let opened =
        dynamic::list(session.gateway.client(), operation, &parameters, body.as_deref(), Some(&options))
            .await;
    match opened {
        Ok(reader) => Ok(Counting::ByReading(Box::new(reader), target, scope)),
        Err(failure) => Err(Box::new(session.told(&target, Problem::from(failure)).await.into())),
    }
}

impl<H: Host + 'static> Counting<H> {
    /// Counts; none if nobody waits any more.
    pub(super) async fn run(self, told: &mut impl Told) -> Option<Output> {
        let (reader, target, scope) = match self {
            Counting::Known(output) => return Some(output),
            Counting::ByReading(reader, target, scope) => (reader, target, scope),
        };
        let Scope { most, is_rest } = scope;
        let mut tally = Tally { counted: 0, most, is_end: false, told, is_abandoned: false };
        let form = |_: &[u8]| Ok::<(), DecodeError>(());
        let ended = stream_records(*reader, &mut tally, form).await;
        if tally.is_abandoned {
            return None;
        }
        Some(match ended {
            Ok(end) => {
                let is_all = end.complete || (tally.is_end && tally.counted <= most);
                self::told(&target, tally.counted, (is_all, is_rest), Some(&end.resume))
            }
            Err(failure) => {
                let counted = tally.counted;
                Output::failed(&Problem::from(failure), |out| {
                    heading(out, &target);
                    out.value("count", counted);
                    out.value("complete", false);
                })
            }
        })
    }
}

fn told(target: &Target, count: u64, (is_all, is_rest): (bool, bool), resume: Option<&str>) -> Output {
    let name = target.operation.name;
    let noun = if count == 1 { "record" } else { "records" };
    let after = if is_rest { " after those before `resume`" } else { "" };
    let text = match is_all {
        true => format!("{name} has {count} {noun}{after}."),
        false => format!(
            "{name} has at least {count} {noun}{after}; no more were counted. Narrow the parameters, raise atMost, or go on with `resume` and add the two."
        ),
    };
    Output::own(text, |out| {
        heading(out, target);
        out.value("count", count);
        out.value("complete", is_all);
        if let Some(resume) = resume.filter(|_| !is_all) {
            out.value("resume", resume);
        }
    })
}

/// Counts, and keeps nothing.
struct Tally<'t, T> {
    counted: u64,
    most: u64,
    is_end: bool,
    told: &'t mut T,
    is_abandoned: bool,
}

impl<T: Told> Sink<()> for Tally<'_, T> {
    async fn write(&mut self, mut items: Vec<()>) -> Vec<()> {
        let room = usize::try_from(self.most.saturating_sub(self.counted)).unwrap_or(usize::MAX);
        let refused = items.split_off(room.min(items.len()));
        self.counted += u64::try_from(items.len()).unwrap_or_default();
        self.is_abandoned = !self.told.read(self.counted, None).await;
        if self.is_abandoned { items } else { refused }
    }

    fn wants_positions(&self) -> bool {
        true
    }

    async fn stand(&mut self, position: ListPosition) -> bool {
        self.is_end = position.is_end;
        self.counted < self.most
    }
}
