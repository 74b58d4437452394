//! What whoever runs the gateway sees of the outbox and does with it, with an API key that may administer all of it.
//!
//! | | |
//! |---|---|
//! | `POST /v1/_outbox/drain` | hands on what is due, for `X-Deadline-Ms` (20 s, 60 s at most), and says what came of it |
//! | `GET /v1/_outbox` | what waits and what is dead, without content: `state=waiting`, `dead` or `unreadable`, `limit` (100, 1000 at most), `after` |
//! | `GET /v1/_outbox/{id}` | one of them, with the body that the destination gets |
//! | `POST /v1/_outbox/{id}/replay` | it is tried anew, at once, and kept for another 30 days |
//! | `DELETE /v1/_outbox/{id}` | that destination does not get it |
//!
//! An `id` is an event at a destination.

use super::{
    Destinations, EventKey, Record, Shelf, Unready,
    drain::{self, Listing, Scope, Stopped, finish},
    lane::Lane,
    progress::{Progress, Standing},
    queue,
    shelf::Found,
};
use crate::{
    answer::{self, json},
    gateway::Gateway,
    problem::Problem,
    request::{Head, Parameters, decode},
};
use http::{Method, Response, StatusCode, header};
use penstock::{
    codec::{rfc3339, whole_number},
    contract::FieldError,
    host::{Host, HostError},
    policy::time::WallTime,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{collections::BTreeSet, time::Duration};

const PATH: &str = "/v1/_outbox";

/// How long a drain begins deliveries, unless it is told, and at most.
const DRAIN: Duration = Duration::from_secs(20);
const LONGEST_DRAIN: Duration = Duration::from_secs(60);

/// How many rows a list has, unless it is told, and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 1_000;

/// How what a request asks for is called in the audit; none if it is nothing.
#[must_use]
pub fn name(head: &Head) -> Option<&'static str> {
    let parts: Vec<_> = head.path().strip_prefix(PATH)?.split('/').skip(1).collect();
    Some(match (&head.method, parts.as_slice()) {
        (&Method::GET | &Method::HEAD, []) => "outbox.list",
        (&Method::POST, ["drain"]) => "outbox.drain",
        (&Method::POST, [_, "replay"]) => "outbox.replay",
        (&Method::GET | &Method::HEAD, [_]) => "outbox.show",
        (&Method::DELETE, [_]) => "outbox.drop",
        _ => return None,
    })
}

/// Answers a request that an API key has let in.
///
/// # Errors
/// Problem documents: no such path, method or entry; parameters that do not fit; 409 while an entry is being handed on;
/// settings that are missing, and the store's trouble.
pub async fn answer<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
) -> Result<Response<String>, Problem> {
    let path = head.path().strip_prefix(PATH).unwrap_or_default();
    let parts: Vec<String> = path.split('/').skip(1).filter_map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let method = if head.method == Method::HEAD { &Method::GET } else { &head.method };
    let allow = match parts[..] {
        [] => "GET, HEAD",
        ["drain"] | [_, "replay"] => "POST",
        [_] => "GET, HEAD, DELETE",
        _ => return Err(Problem::unknown_path()),
    };
    if !allow.split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(Problem::method_not_allowed(allow));
    }
    let wanted = match parts.is_empty() {
        true => Wanted::read(head)?,
        false => head.no_parameters().map(|()| Wanted::default())?,
    };
    let outbox = gateway.outbox();
    let client = gateway.client();
    if parts == ["drain"] {
        return drain(gateway, head).await;
    }
    let destinations = outbox.destinations(client.host()).await;
    let destinations = (*destinations).as_ref().map_err(Unready::problem)?;
    let sealing = outbox.sealing(client).await;
    let keys = (*sealing).as_ref().map_err(Unready::problem)?;
    let shelf = Shelf { host: client.host(), keys };
    let desk = Desk { shelf: &shelf, destinations };
    match (method.as_str(), &parts[..]) {
        (_, []) => desk.list(&wanted).await,
        ("DELETE", [id]) => desk.drop(id).await,
        (_, [id]) => desk.show(id).await,
        (_, [id, ..]) => {
            let (event, tag) = desk.replay(id).await?;
            outbox.forget(&event, &tag);
            outbox.nudge(event.entity());
            Ok(answer::response(StatusCode::ACCEPTED, answer::JSON, "{}".to_owned()))
        }
    }
}

async fn drain<H: Host + 'static>(gateway: &Gateway<H>, head: &Head) -> Result<Response<String>, Problem> {
    #[derive(Serialize)]
    struct Drained {
        #[serde(flatten)]
        counts: drain::Counts,
        /// Events that are still there: waiting, dead, or being handed on by others.
        left: usize,
    }
    let host = gateway.client().host();
    let time = head.deadline_ms()?.map_or(DRAIN, Duration::from_millis).min(LONGEST_DRAIN);
    let all = Scope { fresh: BTreeSet::new(), all: true };
    let drained = drain::run(gateway, host.now() + time, &all).await;
    let (counts, _) = drained.map_err(|why| stopped(&why))?;
    let destinations = gateway.outbox().destinations(host).await;
    let destinations = (*destinations).as_ref().map_err(Unready::problem)?;
    let left = Listing::read(host, destinations).await.map_err(|why| trouble(&why))?.events.len();
    Ok(answer::response(StatusCode::OK, answer::JSON, json(&Drained { counts, left })))
}

fn stopped(why: &Stopped) -> Problem {
    match why {
        Stopped::Unready(unready) => unready.problem(),
        Stopped::Store(error) => trouble(error),
    }
}

fn trouble(error: &HostError) -> Problem {
    Problem::from(penstock::failure::host("the outbox", error))
}

/// One event at a destination.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    /// Its name, or how it is called in keys if the settings have it no more.
    destination: String,
    /// Whether the settings have it.
    configured: bool,
    tenant: String,
    state: Standing,
    attempts: u32,
    /// About when it came.
    received: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    bytes: u64,
}

struct Desk<'d, H> {
    shelf: &'d Shelf<'d, H>,
    destinations: &'d Destinations,
}

impl<H: Host> Desk<'_, H> {
    async fn list(&self, wanted: &Wanted) -> Result<Response<String>, Problem> {
        #[derive(Serialize)]
        struct List {
            entries: Vec<Row>,
            /// What `after` goes on with; none at the end.
            #[serde(skip_serializing_if = "Option::is_none")]
            after: Option<String>,
        }
        let listing = self.listing().await?;
        let mut list = List { entries: Vec::new(), after: None };
        // By their ids, so that a list that changes can be read on.
        let mut all: Vec<(String, &EventKey, &String)> = listing
            .events
            .iter()
            .flat_map(|event| event.tags.iter().map(move |tag| (event.id(tag), event, tag)))
            .filter(|(id, ..)| wanted.after.as_ref().is_none_or(|after| id > after))
            .collect();
        all.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        for (id, event, tag) in all {
            let is_noted = listing.is_noted(event, tag);
            let noted = if is_noted { self.progress(event, tag).await? } else { None };
            let row = self.row(event, tag, noted.as_ref());
            if row.state == Standing::Done || wanted.state.is_some_and(|state| state != row.state) {
                continue;
            }
            list.entries.push(row);
            if list.entries.len() >= wanted.limit {
                list.after = Some(id);
                break;
            }
        }
        Ok(answer::response(StatusCode::OK, answer::JSON, json(&list)))
    }

    async fn show(&self, id: &str) -> Result<Response<String>, Problem> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Shown {
            #[serde(flatten)]
            row: Row,
            #[serde(flatten)]
            of: Option<Of>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Of {
            webhook_id: String,
            provider: String,
            account: String,
            #[serde(rename = "type")]
            kind: String,
            content: Box<RawValue>,
        }
        let (event, tag, noted) = self.find(id).await?;
        let of = match self.shelf.record(&event).await.map_err(|why| trouble(&why))? {
            Found::Nothing => return Err(Problem::outbox_has_not()),
            Found::Foreign => None,
            Found::It(Record { id, provider, account, kind, body, .. }) => {
                let content = String::from_utf8(body).ok().and_then(|body| RawValue::from_string(body).ok());
                let content = content.unwrap_or_default();
                Some(Of { webhook_id: id, provider, account, kind, content })
            }
        };
        let shown = Shown { row: self.row(&event, &tag, noted.as_ref()), of };
        Ok(answer::response(StatusCode::OK, answer::JSON, json(&shown)))
    }

    async fn drop(&self, id: &str) -> Result<Response<String>, Problem> {
        let (event, tag, _) = self.find(id).await?;
        let lane = self.lane(&event, &tag).await?;
        let mut result = self.shelf.note(&event, &tag, &Progress::done()).await;
        if result.is_ok() {
            result = finish(self.shelf, &event).await.map(drop);
        }
        lane.give_back().await;
        result.map_err(|why| trouble(&why))?;
        let mut response = answer::response(StatusCode::NO_CONTENT, answer::JSON, String::new());
        response.headers_mut().remove(header::CONTENT_TYPE);
        Ok(response)
    }

    /// Has it tried anew: nothing is noted of it any more.
    async fn replay(&self, id: &str) -> Result<(EventKey, String), Problem> {
        let (event, tag, _) = self.find(id).await?;
        let lane = self.lane(&event, &tag).await?;
        let result = self.renew(&event, &tag).await;
        lane.give_back().await;
        match result {
            Ok(true) => Ok((event, tag)),
            Ok(false) => Err(Problem::outbox_holds("it is gone, or opens under none of the secrets")),
            Err(why) => Err(trouble(&why)),
        }
    }

    async fn renew(&self, event: &EventKey, tag: &str) -> Result<bool, HostError> {
        let Found::It(record) = self.shelf.record(event).await? else { return Ok(false) };
        // For another while: it may be tried for days again.
        queue::rejoin(self.shelf.host, event).await?;
        self.shelf.put(event, &record).await?;
        self.shelf.forget(event, tag).await?;
        Ok(true)
    }

    /// The event and the destination of an id, and how far that is, unless it is done.
    async fn find(&self, id: &str) -> Result<(EventKey, String, Option<Progress>), Problem> {
        let listing = self.listing().await?;
        let found = listing.events.into_iter().find_map(|event| {
            let tag = event.tags.iter().find(|tag| event.id(tag) == id)?.clone();
            Some((event, tag))
        });
        let (event, tag) = found.ok_or_else(Problem::outbox_has_not)?;
        let noted = self.progress(&event, &tag).await?;
        if noted.as_ref().is_some_and(|noted| noted.state == Standing::Done) {
            return Err(Problem::outbox_has_not());
        }
        Ok((event, tag, noted))
    }

    async fn lane(&self, event: &EventKey, tag: &str) -> Result<Lane<'_, H>, Problem> {
        let lane = Lane::take(self.shelf.host, event.lease(tag)).await.map_err(|why| trouble(&why))?;
        lane.ok_or_else(|| Problem::outbox_holds("it is being handed on just now"))
    }

    async fn listing(&self) -> Result<Listing, Problem> {
        Listing::read(self.shelf.host, self.destinations).await.map_err(|why| trouble(&why))
    }

    async fn progress(&self, event: &EventKey, tag: &str) -> Result<Option<Progress>, Problem> {
        self.shelf.progress(event, tag).await.map_err(|why| trouble(&why))
    }

    fn row(&self, event: &EventKey, tag: &str, noted: Option<&Progress>) -> Row {
        let destination = self.destinations.tagged(tag);
        let time = |millis| rfc3339(WallTime::from_millis(millis));
        let state = noted.map_or(Standing::Waiting, |noted| noted.state);
        Row {
            id: event.id(tag),
            destination: destination.map_or(tag, |destination| &destination.name).to_owned(),
            configured: destination.is_some(),
            tenant: event.tenant.clone(),
            state,
            attempts: noted.map_or(0, |noted| noted.attempts),
            received: time(i64::try_from(event.sequence).unwrap_or_default()),
            due: noted.filter(|_| state != Standing::Dead).map(|noted| time(noted.due_ms)),
            why: noted.map(|noted| noted.why.clone()).unwrap_or_default(),
            bytes: event.bytes,
        }
    }
}

/// Which rows a list has.
struct Wanted {
    state: Option<Standing>,
    limit: usize,
    /// Those behind this one.
    after: Option<String>,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { state: None, limit: ROWS, after: None }
    }
}

impl Wanted {
    /// Reads the parameters of a list.
    fn read(head: &Head) -> Result<Wanted, Problem> {
        let mut query = Parameters::parse(head.query())?;
        let state = match query.take("state")?.as_deref() {
            None => None,
            Some("waiting") => Some(Standing::Waiting),
            Some("dead") => Some(Standing::Dead),
            Some("unreadable") => Some(Standing::Unreadable),
            Some(_) => {
                return Err(Problem::from(FieldError::new("state", "must be waiting, dead or unreadable")));
            }
        };
        let limit = query.take("limit")?.map_or(Ok(ROWS), |text| {
            let limit = whole_number(&text).and_then(|limit| usize::try_from(limit).ok());
            limit.filter(|limit| (1..=MOST_ROWS).contains(limit)).ok_or_else(|| {
                FieldError::new("limit", format!("must be a whole number from 1 to {MOST_ROWS}"))
            })
        })?;
        let after = query.take("after")?;
        query.none_left()?;
        Ok(Wanted { state, limit, after })
    }
}
