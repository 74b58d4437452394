//! The second origin: it gives out files by signed addresses and wants no credentials.

use crate::{
    answer::Answer,
    listen::{Connection, Serve},
    response::{Reset, Sending, Sent},
    servicetitan::{World, errors::ApiError, generic},
    stats::{Record, Seen},
};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::{fmt, sync::Arc};

/// What a request must not bring here.
const CREDENTIALS: [&str; 4] = ["authorization", "st-app-key", "cookie", "proxy-authorization"];

/// The storage of a provider, with a count of its own.
pub(crate) struct Storage {
    pub(crate) world: Arc<World>,
    pub(crate) record: Record,
}

/// The address of a file: whoever has it may read the file.
pub(crate) fn address(world: &World, tenant: i64, operation: &str, path: &str) -> String {
    let encoded = utf8_percent_encode(path, NON_ALPHANUMERIC);
    let signature = signature(world, tenant, operation, path);
    format!("{}/{signature:016x}/{tenant}/{operation}/{encoded}", world.files_url)
}

fn signature(world: &World, tenant: i64, operation: &str, path: &str) -> u64 {
    world.mark(&format!("{tenant} {operation} {path}"))
}

impl Storage {
    fn answer(&self, request: &Request<Incoming>) -> Result<Answer, ApiError> {
        let given = |name: &&str| request.headers().contains_key(*name);
        if let Some(name) = CREDENTIALS.iter().find(|name| given(name)) {
            return Err(ApiError::field(name, "Credentials have no place at this origin."));
        }
        if request.method() != Method::GET {
            return Err(ApiError::new(405, "Use GET.").header("allow", "GET"));
        }
        let absent = || ApiError::new(404, "There is no such file.");
        let mut parts = request.uri().path().splitn(5, '/').skip(1);
        let (Some(signed), Some(tenant), Some(operation), Some(path)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(absent());
        };
        let tenant = tenant.parse().map_err(|_| absent())?;
        let path = percent_decode_str(path).decode_utf8().map_err(|_| absent())?;
        if u64::from_str_radix(signed, 16) != Ok(signature(&self.world, tenant, operation, &path)) {
            return Err(ApiError::new(403, "The signature is wrong."));
        }
        let module = operation.split('.').next().unwrap_or_default();
        let data = self.world.tenant(tenant).ok_or_else(absent)?;
        generic::file(&self.world, &data.shelf, module, &path).ok_or_else(absent)
    }
}

impl Serve for Storage {
    fn record(&self) -> &Record {
        &self.record
    }

    async fn serve(&self, _: &Connection, request: Request<Incoming>) -> Result<Response<Sending>, Reset> {
        let answer = self.answer(&request).unwrap_or_else(|error| error.answer(""));
        self.record.count(|stats| {
            stats.requests += 1;
            *stats.statuses.entry(answer.status).or_default() += 1;
            stats.bytes += answer.body.len() as u64;
        });
        let headers = request.headers().iter().map(|(name, value)| {
            let text = match CREDENTIALS.contains(&name.as_str()) {
                true => "<hidden>".to_owned(),
                false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.as_str().to_owned(), text)
        });
        self.record.see(Seen {
            at: std::time::Instant::now(),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: String::new(),
            operation: None,
            fault: None,
            status: Some(answer.status),
        });
        Ok(Sent::whole(answer).response(""))
    }
}

/// Leaves the world out.
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}
