//! What a call that is under way gets once its command is to end.

use crate::{
    asked::Asked,
    stopping::{Signal, Stopped, Stopping, Write},
    told::tell,
};
use clap::Args;
use penstock::{contract::catalogue::Effect, entry::dynamic};
use penstock_host::{Plugin, bindings::types::Outcome};
use std::time::Duration;

#[derive(Args, Clone, Copy)]
pub(crate) struct Grace {
    /// How long what is under way may take to end after the first signal, in seconds: calls, and whoever
    /// reads the output of a list.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    grace: u64,
}

impl Grace {
    /// Says what is under way, with its verbs, and how long it has to end.
    pub(crate) fn tell(self, signal: Signal, what: &str) {
        tell!("{signal}: {what} {} s to end", self.grace);
    }

    /// Ends when the grace has passed that a command has from its first signal on.
    pub(crate) async fn passed(self, stopping: &Stopping) {
        stopping.passed(self.time()).await;
    }

    /// How long it is.
    pub(crate) fn time(self) -> Duration {
        Duration::from_secs(self.grace)
    }

    /// Makes one call of a plugin that makes no other. A read ends with the first signal, and a write of
    /// which nothing took effect: nothing is lost with them.
    pub(crate) async fn call<T>(
        self,
        asked: &Asked,
        stopping: &Stopping,
        plugin: &Plugin,
        call: impl Future<Output = T>,
    ) -> Result<T, Stopped> {
        if asked.only_reads() {
            return stopping.unless_asked(call).await;
        }
        let waits = async {
            let signal = stopping.asked().await;
            if let Some(outcome) = plugin.stop_unsent().await {
                return outcome;
            }
            self.tell(signal, "the call is under way and has");
            self.passed(stopping).await;
            plugin.stop_unsent().await.unwrap_or(Outcome::Unknown)
        };
        tokio::select! {
            made = call => Ok(made),
            outcome = waits => Err(Stopped { outcome: Some(outcome), ..stopping.stopped(rest(outcome)) }),
        }
    }
}

/// What there is to say of a write that a signal ended.
fn rest(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "; nothing was sent",
        Outcome::NotApplied => {
            "; the vendor had refused the call, which waited to be sent again: it took no effect"
        }
        Outcome::Unknown | Outcome::Applied => {
            "; the call was under way and may have taken effect. Look before you repeat it"
        }
    }
}

impl Asked {
    /// Takes note that the call is begun, until its answer is printed, if it is a write.
    pub(crate) fn begin(&self, stopping: &Stopping) -> Option<Write> {
        (!self.only_reads()).then(|| stopping.begin_write())
    }

    fn only_reads(&self) -> bool {
        dynamic::operation(&self.provider_name, &self.operation)
            .is_ok_and(|operation| operation.effect == Effect::Read)
    }
}
