//! Looks for what a create may have made, where the provider offers a natural key.

use super::{CallContext, Client};
use crate::{
    answer::{Answer, Payload},
    call::CallOptions,
    contract::{Failure, Outcome},
    host::Host,
    policy::time::millis,
    providers::api::{PageSelector, ResolvedCall},
    settings::common::LogLevel,
};
use std::time::Duration;

/// The provider may still be at work when the connection breaks: the waits before each
/// search.
const SEARCHES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(1)];

/// How far the provider's clock may be behind ours.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Two are enough to see that there is more than one.
const PAGE: PageSelector = PageSelector { number: 1, size: 2, include_total: false, offset: 0, from: None };

impl<H: Host> Client<H> {
    /// What a create of unknown outcome made, if exactly one record has its natural key, and
    /// was made since the call began.
    ///
    /// # Errors
    /// The failure as it was, in all other cases. It is never sent again.
    pub(crate) async fn find_created(
        &self,
        create: &ResolvedCall,
        failure: Failure,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<Answer, Failure> {
        let keys = create.provider.natural_keys().filter(|_| failure.outcome == Outcome::Unknown);
        let Some((keys, search)) = keys.and_then(|keys| Some((keys, keys.find_created(&create.call)?)))
        else {
            return Err(failure);
        };
        let search = create.with(search);
        let began = context.began;
        let ago = self.host.now().since(began) + CLOCK_SKEW;
        let since = self.host.wall_now().as_millis().saturating_sub_unsigned(millis(ago));
        let searching = CallOptions { allow_resend: false, ..options.for_subrequest(options.deadline) };
        for wait in SEARCHES {
            // The searches are part of the call, and its deadline is theirs.
            let spent = self.host.now().since(began) + wait;
            if options.deadline.is_some_and(|deadline| spent >= deadline) {
                break;
            }
            self.host.sleep(wait).await;
            let further = context.further(began);
            let found = Box::pin(self.resolve_and_fetch(&search, Some(&PAGE), &searching, &further)).await;
            let Ok(found) = found else { break };
            let Payload::Page(page) = &found.payload else { break };
            let mut records = page.records();
            match (records.next(), records.next()) {
                (None, _) => {}
                (Some(record), None) => {
                    // An older one has the same key; whether this create made another is open.
                    if keys.created_at(record).is_none_or(|made| made.as_millis() < since) {
                        break;
                    }
                    let payload = Payload::Value(page.body.slice_ref(record));
                    self.telemetry.log(LogLevel::Info, "looked-up", |line| {
                        line.with("call_id", context.id.as_str())
                            .with("operation", create.call.operation.name)
                    });
                    return Ok(Answer { payload, ..found });
                }
                (Some(_), Some(_)) => break,
            }
        }
        let message = format!(
            "{}; its external data was looked for, and not exactly one new record has it",
            failure.message
        );
        Err(Failure { message, ..failure })
    }
}
