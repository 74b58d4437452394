//! One request, in order: its length, its route, its key, its parameters, the call.

use crate::{
    admission,
    answer::{self, CALL_ID, CORRELATION_ID, JSON, NDJSON},
    file,
    gateway::Gateway,
    health,
    listing::Listing,
    problem::Problem,
    request::{Head, LONGEST_TARGET, Parameters},
    route::{self, Found, Route},
};
use futures_util::future::join;
use http::{HeaderValue, Method, Response, StatusCode, header};
use penstock::{
    client::{Client, Download},
    contract::{CallOptions, FieldError},
    entry::{dynamic, stream_file},
    host::{Host, Source},
};
use std::rc::Rc;

/// What a request is answered with.
pub enum Answer<H> {
    /// A response whose body is at hand. Its extensions may hold what that was made of
    /// ([`MadeOf`](penstock::entry::dynamic::MadeOf)), which is to be kept as long as the body.
    Whole(Response<String>),
    /// A head, and a list that is yet to be read.
    Streamed(Response<()>, Box<Listing<H>>),
    /// A head, and a file that is yet to be read.
    File(Response<()>, Box<Download<H>>),
}

/// Answers a request. Every error becomes a problem document. The body is read only if the
/// operation takes a file.
pub async fn serve<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Answer<H> {
    let answer =
        dispatch(gateway, head, body).await.unwrap_or_else(|problem| Answer::Whole(problem.response()));
    let is_head = head.method == Method::HEAD;
    match answer {
        Answer::Whole(mut response) => {
            finish(&mut response, head);
            if is_head {
                response.body_mut().clear();
            } else if response.status() != StatusCode::NO_CONTENT {
                let length = HeaderValue::from(response.body().len());
                response.headers_mut().insert(header::CONTENT_LENGTH, length);
            }
            Answer::Whole(response)
        }
        Answer::Streamed(mut response, _) if is_head => {
            finish(&mut response, head);
            Answer::Whole(response.map(|()| String::new()))
        }
        Answer::Streamed(mut response, listing) => {
            finish(&mut response, head);
            Answer::Streamed(response, listing)
        }
        // What the head says of the file holds; its bytes are not asked for.
        Answer::File(mut response, _) if is_head => {
            finish(&mut response, head);
            Answer::Whole(response.map(|()| String::new()))
        }
        Answer::File(mut response, file) => {
            finish(&mut response, head);
            Answer::File(response, file)
        }
    }
}

fn finish<B>(response: &mut Response<B>, head: &Head) {
    if let Some(id) = head.correlation_id() {
        answer::set(response.headers_mut(), CORRELATION_ID, id);
    }
}

async fn dispatch<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Result<Answer<H>, Problem> {
    if head.target.len() > LONGEST_TARGET {
        return Err(Problem::uri_too_long(LONGEST_TARGET));
    }
    let path = head.path();
    if route::needs_key(path) {
        admission::admit(&*gateway.keys().await, &head.headers)?;
    }
    match route::find(&head.method, path) {
        Found::Live => Ok(Answer::Whole(health::live())),
        Found::Ready => Ok(Answer::Whole(ready(gateway, head).await)),
        Found::Operation { route, account, parameters } => {
            call(gateway.client(), head, body, route, account, parameters).await
        }
        Found::NoSuchMethod(allow) => Err(Problem::method_not_allowed(&allow)),
        Found::NoSuchPath => Err(Problem::unknown_path()),
        Found::Malformed(error) => Err(Problem::from(error)),
    }
}

async fn ready<H: Host>(gateway: &Gateway<H>, head: &Head) -> Response<String> {
    let (keys, readiness) = join(gateway.keys(), gateway.readiness()).await;
    let is_authenticated = admission::admit(&keys, &head.headers).is_ok();
    health::ready(&readiness, &keys, is_authenticated)
}

async fn call<H: Host + 'static>(
    client: &Rc<Client<H>>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    route: &'static Route,
    account: String,
    mut parameters: Vec<(String, String)>,
) -> Result<Answer<H>, Problem> {
    let operation = dynamic::operation(route.provider, route.operation)?;
    let mut query = Parameters::parse(head.query())?;
    let (mut all, mut resume, mut on_misfit) = (false, None, None);
    if operation.is_list() {
        all = query.take_switch("all")?;
        on_misfit = query.take_on_misfit()?;
        resume = query.take("resume")?;
        if resume.is_some() && query.has("page") {
            let message = "cannot be given together with `resume`".to_owned();
            return Err(Problem::from(FieldError::new("page", message)));
        }
    }
    parameters.append(&mut query.0);
    let options = CallOptions {
        account: Some(account),
        deadline_ms: head.deadline_ms()?,
        resume,
        correlation_id: head.correlation_id().map(str::to_owned),
        fresh: head.cache_directive("no-cache"),
        accept_stale: head.cache_directive("stale-if-error"),
        fallback: None,
        allow_resend: false,
        page_size: None,
        window: None,
        on_misfit,
    };
    if all {
        let reader = dynamic::list(client, operation, &parameters, None, Some(&options)).await?;
        let listing = Listing::open(reader).await?;
        let mut response = answer::response(StatusCode::OK, NDJSON, String::new()).map(drop);
        answer::set(response.headers_mut(), CALL_ID, listing.call_id().unwrap_or_default());
        return Ok(Answer::Streamed(response, Box::new(listing)));
    }
    if operation.file {
        let found = stream_file::download(client, operation, &parameters, Some(&options)).await?;
        return Ok(Answer::File(file::head(found.info()), Box::new(found)));
    }
    let answer = if operation.upload.is_some() {
        let file = file::upload(head, body)?;
        stream_file::upload(client, operation, &parameters, file, Some(&options)).await?
    } else {
        dynamic::invoke(client, operation, &parameters, None, Some(&options)).await?
    };
    let mut response = match (answer.body, &answer.page) {
        (Some(records), Some(info)) => answer::response(StatusCode::OK, JSON, answer::page(records, info)),
        (Some(body), None) => answer::response(StatusCode::OK, JSON, body),
        (None, _) => {
            let mut response = answer::response(StatusCode::NO_CONTENT, JSON, String::new());
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
    };
    answer::set(response.headers_mut(), CALL_ID, &answer.info.call_id);
    answer::set_source(response.headers_mut(), &answer.info);
    response.extensions_mut().insert(answer.made_of);
    Ok(Answer::Whole(response))
}
