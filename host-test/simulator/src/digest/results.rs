//! How a call ended: what its caller can act on goes into `port`, the words for people
//! into `texts`.

use crate::{mix::Mix, workload::Page};
use penstock::{
    contract::{AnswerInfo, AnswerSource, Failure, ListEnd, PageInfo, RetryAdvice},
    entry::dynamic::Answer,
};
use std::fmt::Write;

/// What `port` has of a call that its caller did not wait for.
pub(crate) const CANCELLED: u64 = 1;

/// What `port` has of a call whose instance died.
pub(crate) const KILLED: u64 = 2;

/// What a caller gets.
pub(crate) trait Got {
    /// A hash of it.
    fn got(&self) -> u64;
}

impl Got for Answer {
    fn got(&self) -> u64 {
        let mix = Mix::default().bytes(b"answer").maybe(self.body.as_deref(), Mix::text);
        info(&self.info, mix.maybe(self.page.as_ref(), |mix, place| page(place, mix))).finish()
    }
}

impl Got for Page {
    fn got(&self) -> u64 {
        self.got
    }
}

impl Got for ListEnd {
    fn got(&self) -> u64 {
        Mix::default()
            .bytes(b"end")
            .word(self.items)
            .word(u64::from(self.pages))
            .word(self.suppressed)
            .word(u64::from(self.drifted))
            .word(u64::from(self.complete))
            .word(self.misfits)
            .text(&self.resume)
            .finish()
    }
}

/// The names of kinds and outcomes are the contract's, and stay.
impl Got for Failure {
    fn got(&self) -> u64 {
        let mix = Mix::default().bytes(b"failure").text(self.kind.name()).text(self.outcome.name());
        let mix = match self.retry {
            RetryAdvice::Never => mix.word(0),
            RetryAdvice::Now => mix.word(1),
            RetryAdvice::After(millis) => mix.word(2).word(millis),
            RetryAdvice::Later => mix.word(3),
        };
        let mix = mix
            .maybe(self.operation.as_deref(), Mix::text)
            .maybe(self.status.map(u64::from), Mix::word)
            .maybe(self.vendor_trace_id.as_deref(), Mix::text)
            .text(&self.call_id)
            .maybe(self.resume.as_deref(), Mix::text)
            .word(self.fields.len() as u64);
        let mix = self.fields.iter().fold(mix, |mix, wrong| mix.text(&wrong.field));
        let attempts = self.attempts.iter().fold(mix, |mix, attempt| {
            mix.word(u64::from(attempt.number))
                .word(attempt.started.seconds.cast_unsigned())
                .word(u64::from(attempt.started.nanoseconds))
                .word(attempt.elapsed_ms)
                .maybe(attempt.status.map(u64::from), Mix::word)
        });
        attempts.finish()
    }
}

/// A failure's words.
pub(crate) fn words(failure: &Failure) -> String {
    let mut words = format!(
        "{} ({}) after {} attempts: {}",
        failure.kind.name(),
        failure.outcome.name(),
        failure.attempts.len(),
        failure.message
    );
    // Writing to a String cannot fail.
    failure.fields.iter().for_each(|wrong| _ = write!(words, "; {} {}", wrong.field, wrong.message));
    failure.attempts.iter().for_each(|attempt| _ = write!(words, "; {}", attempt.reason));
    words
}

fn info(info: &AnswerInfo, mix: Mix) -> Mix {
    let source = match info.source {
        AnswerSource::Vendor => 0,
        AnswerSource::Cache => 1,
        AnswerSource::Fallback => 2,
    };
    mix.text(&info.call_id)
        .word(u64::from(info.status))
        .word(source)
        .word(info.age_ms)
        .word(u64::from(info.degraded))
        .word(info.misfits)
}

fn page(place: &PageInfo, mix: Mix) -> Mix {
    let mix = mix
        .word(u64::from(place.page))
        .word(u64::from(place.page_size))
        .word(u64::from(place.has_more))
        .maybe(place.total_count, Mix::word)
        .maybe(place.continue_from.as_deref(), Mix::text)
        .text(&place.resume)
        .word(u64::from(place.drifted));
    info(&place.answer, mix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::contract::{Attempt, FailureKind, Instant, Outcome};

    fn failure() -> Failure {
        Failure {
            kind: FailureKind::Unavailable,
            message: "it is down".to_owned(),
            outcome: Outcome::Unknown,
            retry: RetryAdvice::After(500),
            operation: Some("jpm.jobs-get".to_owned()),
            status: Some(503),
            vendor_trace_id: None,
            call_id: "7".to_owned(),
            fields: Vec::new(),
            attempts: vec![Attempt {
                number: 1,
                started: Instant { seconds: 5, nanoseconds: 0 },
                elapsed_ms: 20,
                status: Some(503),
                reason: "status".to_owned(),
            }],
            resume: Some("here".to_owned()),
        }
    }

    #[test]
    fn what_a_caller_acts_on_is_behaviour() {
        let changes: [fn(&mut Failure); 9] = [
            |failure| failure.kind = FailureKind::Vendor,
            |failure| failure.outcome = Outcome::NotApplied,
            |failure| failure.retry = RetryAdvice::After(501),
            |failure| failure.retry = RetryAdvice::Later,
            |failure| failure.status = None,
            |failure| failure.call_id.push('0'),
            |failure| failure.resume = None,
            |failure| failure.attempts.clear(),
            |failure| failure.attempts[0].elapsed_ms = 21,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = failure();
            change(&mut other);
            assert_ne!(other.got(), failure().got(), "change {number}");
        }
    }

    #[test]
    fn what_people_read_is_words() {
        let changes: [fn(&mut Failure); 2] =
            [|failure| failure.message.push('!'), |failure| failure.attempts[0].reason.push('!')];
        for change in changes {
            let mut other = failure();
            change(&mut other);
            assert_eq!(other.got(), failure().got());
            assert_ne!(words(&other), words(&failure()));
        }
    }
}
