//! The right to send a request whose key nobody else has.

use super::{Fingerprint, KEPT, file::FileDigest, record::Record};
use crate::problem::Problem;
use http::Response;
use penstock::{
    client::claims::{ClaimPlace, HeldClaim},
    host::Host,
};

/// The right to send a request. One that is dropped leaves its key taken, as an instance that dies does: nobody
/// knows whether its request took effect.
#[must_use = "the key stays taken until the ticket is finished"]
pub struct Ticket<H> {
    pub(super) place: ClaimPlace<H>,
    pub(super) held: HeldClaim,
    pub(super) fingerprint: Fingerprint,
}

impl<H: Host> Ticket<H> {
    /// Keeps what the request came to, or frees its key. The answer stands whatever becomes of this: a
    /// log line tells of trouble, and the key counts as taken then.
    pub async fn finish(self, result: &Result<Response<String>, Problem>) {
        self.finish_file(result, None).await;
    }

    /// The same of a request that sent a file.
    pub(super) async fn finish_file(
        self,
        result: &Result<Response<String>, Problem>,
        file: Option<FileDigest>,
    ) {
        let Ticket { place, held, fingerprint } = self;
        let record = match result {
            Err(problem) if problem.frees_idempotency_key() => {
                place.release(&held).await;
                return;
            }
            Err(problem) => Record::answered(&fingerprint, &problem.response(), file),
            Ok(response) => Record::answered(&fingerprint, response, file),
        };
        place.settle(&held, &record.to_bytes(), KEPT).await;
    }
}
