//! Signature version 4. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http::Request;

use super::credentials::Keys;
use crate::sources::HostError;

/// Adds the header fields of a signature.
pub(super) fn signed(
    request: &mut Request<Bytes>,
    keys: &Keys,
    region: &str,
    time: SystemTime,
) -> Result<(), HostError> {
    // Its words may repeat what was to be signed.
    let failed = || HostError::Failed("the request to AWS cannot be signed".to_owned());
    let token = keys.token.as_ref().map(|token| token.expose().to_owned());
    let identity = Credentials::new(keys.id.expose(), keys.secret.expose(), token, None, "penstock").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("secretsmanager")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| failed())?
        .into();
    let uri = request.uri().to_string();
    let headers =
        request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable =
        SignableRequest::new(request.method().as_str(), uri, headers, SignableBody::Bytes(request.body()));
    let (instructions, _) =
        sign(signable.map_err(|_| failed())?, &parameters).map_err(|_| failed())?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}
