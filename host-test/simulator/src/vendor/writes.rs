//! Writes, each about an id of its own, and how often each took effect.

use super::{Answer, Vendor, problem, records};
use crate::{invariant::Invariant, world::World};
use penstock::host::{Body, Request};

/// The ids that writes are about begin here.
pub(crate) const FIRST_WRITE: u64 = 5_000_000_000;

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `POST jobs/{id}/notes`: makes a note more each time.
    Create,
    /// `PATCH jobs/{id}`: counts each time.
    Update,
    /// `PUT appointments/{id}/special-instructions`: the second time changes nothing.
    Replace,
    /// `PUT jobs/{id}/cancel`: the second time changes nothing.
    Cancel,
    /// `POST projects/1/attach-job/{id}`: counts each time.
    Attach,
    /// `PATCH job-types/{kind}`: counts each time. Its id stands in what it says.
    Rename,
    /// `DELETE appointments/{id}`: the second time finds nothing.
    Delete,
}

/// A write that somebody means to make.
pub(crate) struct Write {
    /// Whose it is.
    pub tenant: u64,
    /// What it does.
    pub verb: Verb,
    /// Whether its caller said that it may be applied twice.
    pub allow_resend: bool,
    /// How often it took effect.
    pub applied: u32,
}

impl Vendor {
    /// Acts.
    pub(super) fn write(&mut self, world: &World, request: &Request, tenant: u64) -> Answer {
        let path = request.path_and_query.split('?').next().unwrap_or_default();
        let numbers = || path.split('/').filter_map(|part| part.parse::<u64>().ok());
        let id = numbers().find(|id| *id >= FIRST_WRITE).or_else(|| noted(request));
        let Some((id, write)) = id.and_then(|id| Some((id, self.writes.get_mut(&id)?))) else {
            return Answer::status(404, &problem(404, "Nobody means to write this"));
        };
        if write.tenant != tenant {
            let what = format!("the write {id} of tenant {} is sent to tenant {tenant}", write.tenant);
            world.violate(Invariant::RightAnswer, what);
        }
        // Some contradict what is there, or are about what is not.
        match id % 19 {
            3 => return Answer::status(409, &problem(409, "It has changed")),
            5 => return Answer::status(404, &problem(404, "It is not there")),
            7 => return Answer::status(400, &problem(400, "It does not fit")),
            _ => {}
        }
        let again = write.applied > 0;
        match write.verb {
            Verb::Delete if again => return Answer::status(404, &problem(404, "It is not there any more")),
            Verb::Replace | Verb::Cancel if again => {}
            _ => {
                write.applied += 1;
                world.count(|figures| figures.writes_applied += 1);
                if again && !write.allow_resend {
                    let what = format!("{:?} of {id} took effect {} times", write.verb, write.applied);
                    world.violate(Invariant::NoDoubleWrite, what);
                }
            }
        }
        let kind = numbers().next_back().unwrap_or_default();
        if write.verb == Verb::Rename {
            self.job_types.change(tenant, kind, id, world.now());
        }
        match write.verb {
            Verb::Create => Answer::status(200, r#"{"text":"noted","isPinned":false}"#),
            Verb::Update => Answer::status(200, &records::job(tenant, id)),
            Verb::Replace => Answer::status(200, &format!(r#"{{"id":{id},"specialInstructions":"done"}}"#)),
            Verb::Cancel | Verb::Attach => Answer::status(200, "{}"),
            Verb::Rename => Answer::status(200, &self.job_types.json(tenant, kind)),
            Verb::Delete => Answer::status(204, ""),
        }
    }
}

/// The id that stands in what a write says.
fn noted(request: &Request) -> Option<u64> {
    let Some(Body::Plain(body)) = &request.body else { return None };
    let body = std::str::from_utf8(body).ok()?;
    body.split(|letter: char| !letter.is_ascii_digit()).find_map(|digits| digits.parse().ok())
}
