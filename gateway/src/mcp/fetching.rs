//! `fetch-file`: a file as a resource, if it is no larger than agents can take.

use super::{
    arguments::{self, File, within},
    calling::Target,
    making::{heading, own},
    messages::Session,
    output::Output,
};
use crate::{
    answer::json, entrance::audit::Conclusion, invoke::texts, openapi::Json, paths, problem::Problem,
    request::encoded,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use penstock::{
    contract::{Failure, FailureKind, FieldError, FileInfo, Outcome},
    entry::{stream_file, stream_records::Sink},
    failure,
    host::Host,
};

/// How large a file may be, in bytes, unless its caller says something else.
pub(super) const USUAL_BYTES: usize = 256 << 10;
/// The most: Base64 makes a third more of it, and all of it is in memory.
const MOST_BYTES: usize = 4 << 20;

/// What a file of which nobody says so is.
const UNKNOWN: &str = "application/octet-stream";

/// A file that was got.
pub(super) struct Fetched {
    pub(super) target: Target,
    pub(super) uri: String,
    pub(super) info: FileInfo,
    bytes: Vec<u8>,
}

/// Gets a file.
///
/// # Errors
/// What does not fit, what goes wrong, and a file that is too large, as a result.
pub(super) async fn file<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    json: &str,
    named: Option<&'static str>,
) -> Result<Output, Box<Output>> {
    let file: File = arguments::read(json)?;
    let target =
        session.target(file.provider.as_deref(), own(named, file.operation.as_deref())?, file.account)?;
    let parameters = texts("parameters", file.parameters)?;
    let most = within("maxBytes", file.max_bytes, USUAL_BYTES, 1, MOST_BYTES)?;
    let fetched = fetch(session, target, &parameters, most).await?;
    let media = fetched.info.content_type.as_deref().unwrap_or(UNKNOWN);
    let count = fetched.bytes.len();
    let text = format!(
        "A file of {count} bytes, {} of {}.",
        fetched.target.operation.name, fetched.target.operation.provider
    );
    let output = Output::data(&text, false, |out| {
        heading(out, &fetched.target);
        out.value("uri", &fetched.uri);
        out.value("contentType", media);
        if let Some(name) = &fetched.info.file_name {
            out.value("fileName", name);
        }
        out.value("bytes", count);
        out.value("callId", &fetched.info.call_id);
    });
    let output = Output { conclusion: fetched.conclusion(), ..output };
    Ok(output.with_block(format!(r#"{{"type":"resource","resource":{}}}"#, fetched.contents())))
}

/// Gets a file of so many bytes at most, once it is let in.
///
/// # Errors
/// As [`file`].
pub(super) async fn fetch<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    target: Target,
    parameters: &[(String, String)],
    most: usize,
) -> Result<Fetched, Box<Output>> {
    let operation = target.operation;
    if !operation.file {
        let message = format!("`{}` answers with no file: use call-operation or read-list", operation.name);
        return Err(Box::new(Problem::from(FieldError::new("operation", message)).into()));
    }
    session.enter(&target).await?;
    let options = session.options(&target.account)?;
    let uri = uri(&target, parameters);
    let found = stream_file::download(session.gateway.client(), operation, parameters, Some(&options)).await;
    let found = match found {
        Ok(found) => found,
        Err(failure) => return Err(Box::new(session.told(&target, Problem::from(failure)).await.into())),
    };
    let info = found.info().clone();
    if info.length.is_some_and(|length| length > most as u64) {
        return Err(Box::new(too_large(&target, &uri, info.length, most)));
    }
    let mut kept = Kept { bytes: Vec::new(), most, is_over: false };
    let ended = stream_file::stream_file(found, &mut kept).await;
    if kept.is_over {
        return Err(Box::new(too_large(&target, &uri, None, most)));
    }
    ended?;
    Ok(Fetched { target, uri, info, bytes: kept.bytes })
}

/// A file's URI, for a resource.
fn uri(target: &Target, parameters: &[(String, String)]) -> String {
    let Target { operation, account } = target;
    let query: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!(
        "{}{}/{}/{}{mark}{}",
        super::resources::SCHEME,
        operation.provider,
        encoded(account),
        operation.name,
        query.join("&")
    )
}

/// A file that does not fit, with where all of it is.
fn too_large(target: &Target, uri: &str, length: Option<u64>, most: usize) -> Output {
    let all = paths::of(target.operation.provider).unwrap_or_default();
    let path =
        all.iter().find(|path| std::ptr::eq(path.operation, target.operation)).map(paths::Path::template);
    let path = path.map_or_else(String::new, |path| format!(", or take it as it is from GET {path}"));
    let size = length.map_or_else(|| format!("more than {most}"), |length| length.to_string());
    let message = format!(
        "the file has {size} bytes, and {most} were allowed. Raise maxBytes up to {MOST_BYTES}{path}"
    );
    let failure = Failure {
        // The vendor was asked: that is how its size is known.
        outcome: Outcome::NotApplied,
        ..failure::refused(FailureKind::TooLarge, message.clone(), vec![FieldError::new("maxBytes", message)])
    };
    let output = Output::from(Problem::from(failure));
    let mut link = Json::default();
    link.object(|link| {
        link.value("type", "resource_link");
        link.value("uri", uri);
        link.value("name", target.operation.name);
        if let Some(length) = length {
            link.value("size", length);
        }
    });
    output.with_block(super::rpc::text(link))
}

impl Fetched {
    /// What the audit is told.
    pub(super) fn conclusion(&self) -> Conclusion {
        Conclusion {
            outcome: Some(Outcome::Applied.name().to_owned()),
            status: Some(StatusCode::OK.as_u16()),
            call_id: Some(self.info.call_id.clone()),
            is_replayed: false,
        }
    }

    /// The contents of the resource, JSON.
    pub(super) fn contents(&self) -> String {
        let media = self.info.content_type.as_deref().unwrap_or(UNKNOWN);
        let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_text = essence.starts_with("text/") || essence.ends_with("json") || essence.ends_with("xml");
        let text = std::str::from_utf8(&self.bytes).ok().filter(|_| is_text);
        let (uri, media) = (json(&self.uri), json(&media));
        match text {
            Some(text) => format!(r#"{{"uri":{uri},"mimeType":{media},"text":{}}}"#, json(&text)),
            None => {
                format!(r#"{{"uri":{uri},"mimeType":{media},"blob":"{}"}}"#, STANDARD.encode(&self.bytes))
            }
        }
    }
}

/// Bytes, until there are too many.
struct Kept {
    bytes: Vec<u8>,
    most: usize,
    is_over: bool,
}

impl Sink<u8> for Kept {
    async fn write(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.len() > self.most.saturating_sub(self.bytes.len()) {
            self.is_over = true;
            return bytes;
        }
        self.bytes.append(&mut bytes);
        bytes
    }
}
