//! One operation, as a request asks for it.

use crate::{
    answer::{self, CALL_ID, JSON, NDJSON},
    body, file,
    gateway::Gateway,
    idempotency::{Fingerprint, Scope, once, once_with_file},
    lines::Lines,
    listing::Listing,
    problem::Problem,
    request::{Head, Parameters},
    respond_async,
    serve::Answer,
    validation,
};
use http::{Method, Response, StatusCode, header};
use penstock::{
    client::Client,
    contract::{CallOptions, FieldError, catalogue::Operation},
    entry::{dynamic, stream_file},
    host::{Host, Source},
};
use std::rc::Rc;

/// What an operation is called with, from whatever part of the request.
pub struct Asked {
    /// The name of the API key that it came with.
    pub api_key: String,
    /// Which operation.
    pub operation: &'static Operation,
    /// Its parameters besides those of the query.
    pub parameters: Vec<(String, String)>,
    /// Its JSON body, if it is not that of the request.
    pub body: Option<String>,
    /// How it is to be called; `resume` and `on_misfit` come from the query.
    pub options: CallOptions,
}

/// Calls an operation whose parameters are in the path and the query, and whose body is the request's.
///
/// # Errors
/// Whatever is wrong with the request, and whatever the call fails with.
pub async fn by_path<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    mut asked: Asked,
) -> Result<Answer<H>, Problem> {
    let query = Parameters::parse(head.query())?;
    if asked.operation.upload.is_some() {
        asked.parameters.extend(query.0);
        return upload(gateway.client(), head, body, asked).await;
    }
    asked.body = match head.method {
        // What stands in the body of a read means nothing (RFC 9110 section 9.3.1).
        Method::GET | Method::HEAD => None,
        _ => body::json(gateway.client().host(), head, body).await?,
    };
    call(gateway, head, asked, query).await
}

/// Calls an operation that takes no file. `query` has what the gateway takes of it, and further
/// parameters.
///
/// # Errors
/// As [`by_path`].
pub async fn call<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    asked: Asked,
    mut query: Parameters,
) -> Result<Answer<H>, Problem> {
    let client = gateway.client();
    let Asked { api_key, operation: asked, mut parameters, body, mut options } = asked;
    let instead = respond_async::instead(head, &query, asked);
    let operation = instead.unwrap_or(asked);
    let mut all = false;
    if operation.is_list() {
        all = query.take_switch("all")?;
        options.on_misfit = query.take_on_misfit()?;
        options.resume = query.take("resume")?;
        if options.resume.is_some() && query.has("page") {
            return Err(Problem::from(FieldError::new("page", "cannot be given together with `resume`")));
        }
    }
    let pages = query.clone();
    parameters.append(&mut query.0);
    let account = options.account.as_deref().unwrap_or_default();
    let (body, options) = (body.as_deref(), &options);
    if all {
        let reader = dynamic::list(client, operation, &parameters, body, Some(options)).await?;
        let listing = Listing::open(reader).await?;
        let mut response = answer::response(StatusCode::OK, NDJSON, String::new()).map(drop);
        answer::set(response.headers_mut(), CALL_ID, listing.call_id().unwrap_or_default());
        if instead.is_some() {
            answer::set(response.headers_mut(), answer::PREFERENCE_APPLIED, "respond-async");
        }
        return Ok(Answer::Streamed(response, Lines::List(Box::new(listing))));
    }
    if operation.file {
        let found = stream_file::download(client, operation, &parameters, Some(options)).await?;
        return Ok(Answer::File(file::head(found.info()), Box::new(found)));
    }
    // Boxed: its state is large, and would be copied on its way, and kept twice.
    let invoke = Box::pin(async {
        let answer = dynamic::invoke(client, operation, &parameters, body, Some(options)).await?;
        let next = answer.page.as_ref().filter(|page| page.has_more).map(|page| page.resume.clone());
        let mut response = whole(answer, operation, options);
        if let Some(resume) = next.filter(|_| head.method != Method::POST) {
            answer::set(response.headers_mut(), header::LINK, &pages.next_link(head.path(), &resume));
        }
        if instead.is_some() {
            response = respond_async::accepted(response, operation.provider, account);
        }
        if operation.cache.is_some() {
            response = validation::remembered(response, &head.headers, gateway.tags());
        }
        Ok(response)
    });
    let fingerprint = || Fingerprint::of(head, operation, &parameters, body.unwrap_or_default().as_bytes());
    let scope = Scope { api_key: &api_key, operation, options };
    once(client, head, &scope, fingerprint, invoke).await.map(Answer::Whole)
}

async fn upload<H: Host + 'static>(
    client: &Rc<Client<H>>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    asked: Asked,
) -> Result<Answer<H>, Problem> {
    let Asked { api_key, operation, parameters, options, .. } = asked;
    let scope = Scope { api_key: &api_key, operation, options: &options };
    let upload = async |body| {
        let file = file::upload(head, body)?;
        let answer = stream_file::upload(client, operation, &parameters, file, Some(&options)).await?;
        Ok(whole(answer, operation, &options))
    };
    once_with_file(client, head, &scope, &parameters, body, upload).await.map(Answer::Whole)
}

/// The response that an answer makes.
fn whole(answer: dynamic::Answer, operation: &Operation, options: &CallOptions) -> Response<String> {
    let mut response = match (answer.body, &answer.page) {
        (Some(records), Some(info)) => answer::response(StatusCode::OK, JSON, answer::page(records, info)),
        (Some(body), None) => answer::response(StatusCode::OK, JSON, body),
        (None, _) => answer::no_content(),
    };
    answer::set(response.headers_mut(), CALL_ID, &answer.info.call_id);
    answer::set_source(response.headers_mut(), &answer.info, operation, options.fresh);
    response.extensions_mut().insert(answer.made_of);
    response
}
