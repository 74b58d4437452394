//! The way of a delivery: verify, read again what is only a hint, claim.

use super::{Delivery, Trust};
use crate::{
    client::{Connector, Received, Verified},
    contract::{CallOptions, Failure},
    entry::dynamic,
    host::Host,
    providers::api,
};
use std::rc::Rc;

/// Verifies a delivery, and hands its event out unless somebody has had it. What is only a
/// hint is read again from the vendor first, and then tells what the vendor answered.
///
/// # Errors
/// Those of [`Connector::verify_webhook`]; those of the call that reads again; `host` when
/// the store cannot be reached. Nothing was handed out then: let the sender come again.
pub async fn receive<H: Host + 'static>(
    connector: &Rc<Connector<H>>,
    vendor: &str,
    account: Option<&str>,
    delivery: &Delivery<'_>,
) -> Result<Received, Failure> {
    let mut verified = connector.verify_webhook(vendor, account, delivery).await?;
    // Before it is read again: what was kept of it may be what has changed.
    connector.outdate_by_webhook(vendor, &verified).await?;
    if verified.trust == Trust::Hint {
        reread(connector, vendor, &mut verified).await?;
    }
    connector.claim_webhook(vendor, verified).await
}

async fn reread<H: Host + 'static>(
    connector: &Rc<Connector<H>>,
    vendor: &str,
    verified: &mut Verified,
) -> Result<(), Failure> {
    let source = crate::providers::registry::find(vendor).and_then(api::Vendor::webhooks);
    let Some((name, parameters)) = source.and_then(|source| source.reread(&verified.event)) else {
        return Ok(());
    };
    let options = CallOptions {
        account: Some(verified.account.clone()),
        deadline_ms: None,
        resume: None,
        correlation_id: None,
        fresh: true,
        accept_stale: false,
        fallback: None,
        allow_resend: false,
        page_size: None,
        window: None,
    };
    let operation = dynamic::operation(vendor, name)?;
    let answer = dynamic::invoke(connector, operation, &parameters, None, Some(&options)).await?;
    if let Some(body) = answer.body {
        verified.event.data = body;
        verified.event.reread = true;
    }
    Ok(())
}
