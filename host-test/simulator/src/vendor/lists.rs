//! Lists: numbered pages with and without a word on what follows, and feeds.

use super::{Answer, Vendor, problem};
use crate::{fault::Fault, trace::Who, world::World};
use bytes::Bytes;
use penstock::host::Request;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Ids of a list begin at its number times this.
pub(crate) const SPAN: u64 = 1_000_000;

/// How a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `jpm.jobs-list`: page numbers, and a word on whether more follow.
    Numbered,
    /// `jpm.budget-codes-project-segments-list`: page numbers, and records alone.
    DataOnly,
    /// `jpm.export-jobs-list`: each page names where the next begins.
    Feed,
}

/// What a list makes of `sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sorting {
    /// It does as it is told.
    Obeys,
    /// It has its own order.
    Ignores,
    /// It does not take it.
    Refuses,
}

/// How often a list changed, and in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Records came in before others.
    pub inserted: u64,
    /// Records came in behind all others.
    pub appended: u64,
    /// Records went away.
    pub removed: u64,
    /// Records changed, and went to the end of their feed.
    pub modified: u64,
    /// Pages that were not those that were asked for.
    pub wrong_pages: u64,
}

pub(crate) struct List {
    /// How it is read.
    pub kind: Kind,
    /// Whose it is.
    pub tenant: u64,
    number: u64,
    /// The records' numbers, in the list's order.
    records: Vec<u64>,
    /// For a feed: the number of each record's last change, in the same order.
    places: Vec<u64>,
    /// Changes of a feed so far.
    place: u64,
    /// How often each record of a feed changed.
    modified: BTreeMap<u64, u32>,
    /// Records that were served in a form that does not fit the contract.
    odd: BTreeSet<u64>,
    /// The next record's number. Records with smaller ones are older.
    next: u64,
    /// What has become of it.
    pub changes: Changes,
    /// What it makes of `sort`.
    pub sorting: Sorting,
    /// Where the page of the feed begins that was asked for last.
    pub asked: usize,
    /// How many readers are at it.
    pub readers: u32,
    /// Records on a page of the feed.
    pub feed_page: usize,
    /// Letters of text in each record beside its id and name.
    pub padding: usize,
    /// Whether a record that has changed says how often, as `J7.2`.
    pub versions: bool,
    /// Added to the total that it states.
    pub lie: i64,
    /// Whether it ever stated a wrong one.
    pub lied: bool,
}

impl List {
    /// A list that is number `number`, with so many records.
    pub(crate) fn new(kind: Kind, tenant: u64, number: usize, records: u64) -> List {
        List {
            kind,
            tenant,
            number: number as u64,
            records: (0..records).collect(),
            places: (1..=records).collect(),
            place: records,
            modified: BTreeMap::new(),
            odd: BTreeSet::new(),
            next: records,
            changes: Changes::default(),
            sorting: Sorting::Obeys,
            asked: 0,
            readers: 0,
            feed_page: 10,
            padding: 0,
            versions: false,
            lie: 0,
            lied: false,
        }
    }

    /// What a record's number is less than if it was there before now.
    pub(crate) fn age(&self) -> u64 {
        self.next
    }

    /// The records that were there before and still are.
    pub(crate) fn older_than(&self, age: u64) -> impl Iterator<Item = u64> {
        self.records.iter().copied().filter(move |record| *record < age)
    }

    /// A record more.
    pub(crate) fn insert(&mut self, at_head: bool) {
        let at = if at_head { 0 } else { self.records.len() };
        self.records.insert(at, self.next);
        self.next += 1;
        if self.kind == Kind::Feed {
            self.place += 1;
            self.places.push(self.place);
        }
        match at_head {
            true => self.changes.inserted += 1,
            false => self.changes.appended += 1,
        }
    }

    /// A record of a feed changes.
    pub(crate) fn modify(&mut self, at: usize) {
        if at < self.records.len() {
            let record = self.records.remove(at);
            self.places.remove(at);
            self.place += 1;
            self.records.push(record);
            self.places.push(self.place);
            *self.modified.entry(record).or_default() += 1;
            self.changes.modified += 1;
        }
    }

    /// A record was served in a form that does not fit the contract. A feed's reader takes the
    /// other form, before or after, for a change.
    pub(crate) fn served_odd(&mut self, record: u64) {
        self.odd.insert(record);
        if self.kind == Kind::Feed {
            *self.modified.entry(record).or_default() += 2;
        }
    }

    /// Whether a record was ever served so.
    pub(crate) fn was_odd(&self, record: u64) -> bool {
        self.odd.contains(&record)
    }

    /// How often a record has changed.
    pub(crate) fn modifications(&self, record: u64) -> u32 {
        self.modified.get(&record).copied().unwrap_or_default()
    }

    /// How often each record that ever changed has.
    pub(crate) fn modified(&self) -> &BTreeMap<u64, u32> {
        &self.modified
    }

    /// A record less.
    pub(crate) fn delete(&mut self, at: usize) {
        if at < self.records.len() {
            self.records.remove(at);
            self.changes.removed += 1;
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The records in the order that is asked for, if the list obeys.
    fn ordered(&self, sort: Option<&str>) -> Cow<'_, [u64]> {
        let newest_first = match sort.filter(|_| self.sorting == Sorting::Obeys) {
            Some("-Id") => true,
            Some("%2BId") => false,
            _ => return Cow::Borrowed(&self.records),
        };
        if !newest_first && self.records.is_sorted() {
            return Cow::Borrowed(&self.records);
        }
        let mut records = self.records.clone();
        records.sort_unstable();
        if newest_first {
            records.reverse();
        }
        Cow::Owned(records)
    }

    fn write(&self, records: &[u64], from: usize, count: usize, out: &mut String) {
        let name = if self.kind == Kind::DataOnly { "name" } else { "jobNumber" };
        out.push_str("\"data\":[");
        for (index, record) in records.iter().skip(from).take(count).enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let id = self.number * SPAN + record;
            // Writing to a String cannot fail.
            _ = write!(out, r#"{comma}{{"id":{id},"{name}":"J{record}"#);
            if self.versions {
                _ = write!(out, ".{}", self.modifications(*record));
            }
            out.push('"');
            if self.padding > 0 {
                _ = write!(out, r#","summary":"{:.<1$}""#, "", self.padding);
            }
            out.push('}');
        }
        out.push_str("]}");
    }

    fn numbered(&self, page: usize, size: usize, include_total: bool, sort: Option<&str>) -> String {
        let from = page.saturating_sub(1).saturating_mul(size);
        let mut out = String::with_capacity(100 + size * 32);
        out.push('{');
        if self.kind == Kind::Numbered {
            let more = self.records.len() > from.saturating_add(size);
            _ = write!(out, r#""page":{page},"pageSize":{size},"hasMore":{more},"#);
            if include_total {
                let total = (self.records.len() as u64).saturating_add_signed(self.lie);
                _ = write!(out, r#""totalCount":{total},"#);
            }
        }
        self.write(&self.ordered(sort), from, size, &mut out);
        out
    }

    /// What a feed has after this change: from where, how many, the last change among them,
    /// and whether there are more.
    fn after(&self, after: u64) -> (usize, usize, u64, bool) {
        let from = self.places.partition_point(|place| *place <= after);
        let count = self.places.len().saturating_sub(from).min(self.feed_page);
        let end = from + count;
        let next = end.checked_sub(1).filter(|_| count > 0).and_then(|last| self.places.get(last));
        (from, count, next.copied().unwrap_or(after), end < self.places.len())
    }

    fn feed(&mut self, after: u64) -> String {
        let (from, count, next, more) = self.after(after);
        self.asked = from;
        let mut out = String::with_capacity(100 + count * 32);
        _ = write!(out, r#"{{"hasMore":{more},"continueFrom":"c{}-{next}","#, self.number);
        self.write(&self.records, from, count, &mut out);
        out
    }
}

/// A parameter of the query, as it was sent.
pub(super) fn parameter<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let (_, query) = request.path_and_query.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The place that a feed is asked for: its list, and the last change before it.
fn place(request: &Request) -> Option<(usize, u64)> {
    let (list, after) = parameter(request, "from")?.strip_prefix('c')?.split_once('-')?;
    Some((list.parse().ok()?, after.parse().ok()?))
}

impl Vendor {
    /// Whether a request is for a page of a list whose records are long.
    pub(crate) fn is_heavy(&self, request: &Request) -> bool {
        let list =
            parameter(request, "number").and_then(|name| name.strip_prefix('c')?.parse::<usize>().ok());
        list.and_then(|list| self.lists.get(list)).is_some_and(|list| list.padding > 0)
    }

    /// A page of a numbered list.
    pub(super) fn page(
        &mut self,
        world: &World,
        request: &Request,
        tenant: u64,
        list: Option<usize>,
    ) -> Answer {
        let number = |name| parameter(request, name).and_then(|text| text.parse::<usize>().ok());
        let (Some(page @ 1..), Some(size @ 1..=5000)) = (number("page"), number("pageSize")) else {
            return Answer::status(400, &problem(400, "page and pageSize are needed"));
        };
        let Some(list) = list.and_then(|list| self.lists.get_mut(list)).filter(|list| list.tenant == tenant)
        else {
            return Answer::status(404, &problem(404, "No such list"));
        };
        if let Some(call) = world.current.get()
            && let Some(call) = world.calls.borrow_mut().get(call)
        {
            call.first_page.get_or_insert(u32::try_from(page).unwrap_or(u32::MAX));
        }
        let include_total = parameter(request, "includeTotal") == Some("true");
        if include_total && list.lie != 0 {
            let who = Who { instance: None, call: world.current.get() };
            list.lied = true;
            world.fault(who, Fault::TotalLies);
        }
        let sort = parameter(request, "sort");
        if sort.is_some() && list.sorting == Sorting::Refuses {
            return Answer::status(400, &problem(400, "sort is not known"));
        }
        Answer::status(200, &list.numbered(page, size, include_total, sort))
    }

    /// A page of a feed.
    pub(super) fn feed(&mut self, request: &Request, tenant: u64) -> Answer {
        let at = place(request).and_then(|(list, after)| Some((self.lists.get_mut(list)?, after)));
        match at.filter(|(list, after)| list.tenant == tenant && *after <= list.place) {
            Some((list, after)) => Answer::status(200, &list.feed(after)),
            None => Answer::status(400, &problem(400, "from is not known")),
        }
    }

    /// The page before once more; in a feed, the same place once more. None where a client
    /// cannot tell it from a page that it asked for.
    pub(super) fn duplicate(&mut self, world: &World, request: &Request) -> Option<Bytes> {
        if let Some((list, after)) = place(request) {
            let list = self.lists.get_mut(list)?;
            let stuck = format!("\"continueFrom\":\"c{}-{after}\"", list.number);
            let (_, _, next, more) = list.after(after);
            let moving = format!("\"continueFrom\":\"c{}-{next}\"", list.number);
            let page = list.feed(after).replace(&moving, &stuck);
            return more.then(|| Bytes::from(page));
        }
        let number = |name| parameter(request, name).and_then(|text| text.parse::<usize>().ok());
        let list = parameter(request, "number")?.strip_prefix('c')?.parse::<usize>().ok()?;
        let (list, page, size) = (self.lists.get_mut(list)?, number("page")?, number("pageSize")?);
        let mut calls = world.calls.borrow_mut();
        let call = calls.get(world.current.get()?)?;
        // A read of one page, and the first page of any, has nothing to compare with, unless
        // the page says its number and is believed.
        let comparable = call.streams && call.first_page.is_some_and(|first| (first as usize) < page);
        let unmoved = list.changes.inserted + list.changes.removed == 0;
        let detectable = (comparable && unmoved) || list.kind == Kind::Numbered;
        if !detectable || page <= 1 {
            return None;
        }
        list.changes.wrong_pages += 1;
        Some(Bytes::from(list.numbered(page - 1, size, false, parameter(request, "sort"))))
    }
}
