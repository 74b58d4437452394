//! Lets a token in or not.

pub(crate) use super::jws::is_token;

use super::{Settings, claims::Claims, issuer::Issuer, jws::Jws, refused::Refused, rights};
use crate::{keys::Key, problem::Problem};
use penstock::host::Host;
use std::rc::Rc;

/// The key that a token stands for.
///
/// # Errors
/// 401 for one that is not accepted, 403 for one without a role, 503 while the issuer gives no keys.
pub(crate) async fn admit<H: Host>(
    host: &H,
    issuer: &Issuer,
    settings: &Rc<Settings>,
    token: &str,
) -> Result<Rc<Key>, Problem> {
    check(host, issuer, settings, token).await.map(Rc::new).map_err(Refused::problem)
}

async fn check<H: Host>(
    host: &H,
    issuer: &Issuer,
    settings: &Rc<Settings>,
    token: &str,
) -> Result<Key, Refused> {
    let jws = Jws::parse(token)?;
    // Before the signature: what is not for here makes nobody ask the issuer, and costs little.
    let claims = Claims::read(&jws.payload, settings, host.wall_now())?;
    let keys = issuer.find(host, settings, (jws.kid.as_deref(), jws.algorithm)).await?;
    if !keys.iter().any(|key| key.has_signed(jws.signed, &jws.signature)) {
        return Err(Refused::Invalid("has a signature that is not valid"));
    }
    rights::key(&claims, settings)
}
