//! Looks for what a create may have made, where the vendor offers a natural key.

use super::{
    Connector, Options,
    pipeline::{Answer, Call, Errand, Payload},
};
use crate::{
    contract::{Failure, Outcome},
    failure::millis,
    host::Host,
    policy::time::Tick,
    providers::api::PageAsked,
    settings::common::LogLevel,
};
use std::time::Duration;

/// The vendor may still be at work when the connection breaks: the waits before each
/// look.
const LOOKS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(1)];

/// How far the vendor's clock may be behind ours.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Two are enough to see that there is more than one.
const PAGE: PageAsked = PageAsked { number: 1, size: 2, include_total: false, offset: 0, from: None };

impl<H: Host> Connector<H> {
    /// What a create of unknown outcome made, if exactly one record has its natural key, and
    /// was made since the call began.
    ///
    /// # Errors
    /// The failure as it was, in all other cases. It is never sent again.
    pub(crate) async fn look_up(
        &self,
        create: &Call,
        failure: Failure,
        call_id: &str,
        options: &Options,
        began: Tick,
    ) -> Result<Answer, Failure> {
        let found = crate::providers::registry::find(create.operation.vendor)
            .and_then(|vendor| Some((vendor, vendor.look_up(create)?)))
            .filter(|_| failure.outcome == Outcome::Unknown);
        let Some((vendor, look)) = found else { return Err(failure) };
        let ago = self.host.now().since(began) + CLOCK_SKEW;
        let since = self.host.wall_now().as_millis().saturating_sub_unsigned(millis(ago));
        let options = Options { fallback: None, allow_resend: false, ..options.clone() };
        for wait in LOOKS {
            // The looks are part of the call, and its deadline is theirs.
            let spent = self.host.now().since(began) + wait;
            if options.deadline.is_some_and(|deadline| spent >= deadline) {
                break;
            }
            self.host.sleep(wait).await;
            let errand = Errand { call: &look, page: Some(&PAGE), options: &options, id: call_id, began };
            let Ok(found) = Box::pin(self.prepare_and_run(errand)).await else { break };
            let Payload::Page(page) = &found.payload else { break };
            match page.items.as_slice() {
                [] => {}
                [only] => {
                    let Some(record) = page.body.get(only.clone()) else { break };
                    // An older one has the same key; whether this create made another is open.
                    if vendor.made_at(record).is_none_or(|made| made.as_millis() < since) {
                        break;
                    }
                    let payload = Payload::Value(page.body.slice_ref(record));
                    self.log(LogLevel::Info, "looked-up", |line| {
                        line.with("call_id", call_id).with("operation", create.operation.name)
                    });
                    return Ok(Answer { payload, ..found });
                }
                _ => break,
            }
        }
        let message = format!(
            "{}; its external data was looked for, and not exactly one new record has it",
            failure.message
        );
        Err(Failure { message, ..failure })
    }
}
