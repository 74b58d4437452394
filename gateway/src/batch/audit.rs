//! Tells of the writes of a batch what came of each.

use crate::entrance::audit::{Actor, Conclusion};
use penstock::{
    client::Client,
    contract::{Outcome, catalogue::Effect},
    entry::{batch::BatchResult, dynamic},
    host::Host,
};
use std::{collections::VecDeque, rc::Rc};

/// Takes what came of an operation.
type Tell = Box<dyn Fn(&'static str, &Conclusion)>;

/// The calls whose results are yet to come. Those that have none when it is dropped may have been made.
pub(super) struct Audit {
    /// The operations that write, in the order of the calls; none for the others.
    writes: VecDeque<Option<&'static str>>,
    tell: Tell,
}

impl Audit {
    /// Those of these operations that write.
    pub(super) fn writes(provider: &str, operations: &[&str]) -> VecDeque<Option<&'static str>> {
        let write = |name: &&str| {
            let operation = dynamic::operation(provider, name).ok()?;
            (operation.effect != Effect::Read).then_some(operation.name)
        };
        operations.iter().map(write).collect()
    }

    /// Of calls in this order.
    pub(super) fn new<H: Host + 'static>(
        client: &Rc<Client<H>>,
        writes: VecDeque<Option<&'static str>>,
        actor: Actor,
    ) -> Audit {
        let client = client.clone();
        Audit {
            writes,
            tell: Box::new(move |operation, conclusion| {
                actor.write(client.host(), operation, conclusion);
            }),
        }
    }

    /// The next call has this result.
    pub(super) fn next(&mut self, result: &BatchResult) {
        let Some(Some(operation)) = self.writes.pop_front() else { return };
        let (outcome, call_id) = match result {
            BatchResult::Ok(answer) => (Outcome::Applied, Some(answer.info.call_id.clone())),
            BatchResult::Failed(failure) => {
                (failure.outcome, Some(failure.call_id.clone()).filter(|id| !id.is_empty()))
            }
            BatchResult::NotAttempted(_) => (Outcome::NotSent, None),
        };
        let outcome = Some(outcome.name().to_owned());
        (self.tell)(operation, &Conclusion { outcome, call_id, ..Conclusion::default() });
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        for operation in self.writes.drain(..).flatten() {
            (self.tell)(operation, &Conclusion::default());
        }
    }
}
