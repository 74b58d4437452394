//! Page by page: a consumer that must survive being killed.

use super::{Caller, ReadCheck, Target, read_check::Manner};
use crate::{
    calls::NewCall,
    cluster::{Ended, millis, options},
    digest::results::Got,
    instance::Instance,
    invariant::Invariant,
    trace::{Event, Who},
    vendor::Kind,
};
use penstock::{
    client::Client,
    contract::{CallOptions, Failure},
    entry::dynamic,
};
use std::{rc::Rc, time::Duration};

/// Failures in a row after which a reader gives up.
const MOST_FAILURES: u32 = 25;

/// Pages after which a list that has not ended has no end: many times what any holds.
const MOST_PAGES: u32 = 1_000;

/// How a list is read page by page.
pub(crate) struct Walk {
    pub target: Target,
    /// How long the consumer takes over a page.
    pub pause: Duration,
    /// Whether the total is asked for.
    pub include_total: bool,
    /// Whether each page gets a deadline of its own.
    pub deadlines: bool,
}

impl Walk {
    /// Reads the list to its end. After each page the consumer keeps where to go on, and
    /// does so in whatever instance is up.
    pub(crate) async fn read(self, mut caller: Caller) {
        let cluster = caller.cluster.clone();
        let world = &cluster.world;
        let mut check = ReadCheck::new(world, self.target, Manner::Walks { totals: self.include_total });
        let (mut resume, mut failures, mut pages) = (None::<String>, 0, 0);
        while failures < MOST_FAILURES && pages < MOST_PAGES {
            let index = cluster.up(caller.instance).await;
            let deadline = if self.deadlines { caller.deadline() } else { None };
            let options = CallOptions {
                resume: resume.clone(),
                deadline_ms: deadline.map(millis),
                ..options(self.target.account())
            };
            let operation = self.target.operation();
            let new = NewCall::single(operation, self.target.tenant(), deadline);
            let about = format!("c{} one page", self.target.list);
            let (target, total) = (self.target, self.include_total);
            let ended = cluster
                .call(index, new, &about, None, async move |client| {
                    page(&client, &target, total, &options).await
                })
                .await;
            match ended {
                Ended::Done(Ok(page)) => {
                    (failures, pages) = (0, pages + 1);
                    for id in page.ids {
                        world.note(Who { instance: Some(index), call: None }, &Event::Record(id));
                        world.count(|figures| figures.records += 1);
                        check.deliver(world, id);
                    }
                    if !page.info.has_more {
                        return check.complete(world, &page.info);
                    }
                    if resume.is_none() {
                        world.tell(Some(index), "the consumer keeps where to go on from now on");
                    }
                    resume = Some(page.info.resume);
                    if !self.pause.is_zero() {
                        world.wait(self.pause).await;
                    }
                }
                Ended::Done(Err(_)) | Ended::Killed | Ended::Cancelled => {
                    failures += 1;
                    world.count(|figures| figures.resumed += u64::from(resume.is_some()));
                    caller.breathe(failures).await;
                    caller.move_on();
                }
            }
        }
        if pages >= MOST_PAGES {
            let what = format!("list {} has no end when it is read page by page", self.target.list);
            world.violate(Invariant::EveryCallEnds, what);
        }
        world.count(|figures| figures.abandoned_reads += 1);
        check.abandon(world);
    }
}

pub(crate) struct Page {
    /// Its records' ids.
    pub ids: Vec<u64>,
    /// Where it stands.
    pub info: penstock::contract::PageInfo,
    /// A hash of all of it as it came.
    pub got: u64,
}

/// Reads one page.
pub(crate) async fn page(
    client: &Rc<Client<Instance>>,
    target: &Target,
    include_total: bool,
    options: &CallOptions,
) -> Result<Page, Failure> {
    let operation = dynamic::operation("servicetitan", target.operation())?;
    let mut parameters = target.parameters();
    if target.kind != Kind::Feed {
        parameters.push(("pageSize".to_owned(), target.page_size.to_string()));
    }
    if include_total && target.kind == Kind::Numbered {
        parameters.push(("includeTotal".to_owned(), "true".to_owned()));
    }
    let answer = dynamic::invoke(client, operation, &parameters, None, Some(options)).await?;
    let got = answer.got();
    let ids = answer.body.as_deref().map(ids).unwrap_or_default();
    match answer.page {
        Some(info) => Ok(Page { ids, info, got }),
        None => Err(penstock::failure::bad_field("page", "a list answered without a place")),
    }
}

/// The ids of an array of records in normal form.
fn ids(array: &str) -> Vec<u64> {
    array.split("\"id\":").skip(1).map(leading).collect()
}

/// The id of a record in normal form.
pub(crate) fn id(record: &str) -> u64 {
    record.split("\"id\":").nth(1).map_or(u64::MAX, leading)
}

fn leading(text: &str) -> u64 {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}
