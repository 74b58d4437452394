//! One request, in order: its length, its route, its key, its parameters, the call.

#[cfg(feature = "oidc")]
use crate::oidc;
use crate::{
    admin,
    answer::{self, CORRELATION_ID},
    batch, body,
    call::{self, Asked},
    drop_in,
    entrance::Visit,
    gateway::Gateway,
    health,
    idempotency::Key,
    invoke::{self, Given},
    lines::Lines,
    mcp, openapi,
    problem::Problem,
    request::{Head, LONGEST_TARGET, Parameters},
    route::{self, Found},
    trace::Trace,
    unknown_account,
};
#[cfg(feature = "webhooks")]
use crate::{outbox, webhooks};
use futures_util::future::{join, join3};
use http::{HeaderValue, Method, Response, StatusCode, header};
use penstock::{
    client::Download,
    contract::{CallOptions, FieldError, catalogue::Operation},
    entry::dynamic,
    host::{Host, Source},
};

/// What a request is answered with.
pub enum Answer<H> {
    /// A response whose body is at hand. Its extensions may hold what that was made of
    /// ([`MadeOf`](penstock::entry::dynamic::MadeOf)), which is to be kept as long as the body.
    Whole(Response<String>),
    /// A head, and lines that are yet to be read.
    Streamed(Response<()>, Lines<H>),
    /// A head, and a file that is yet to be read.
    File(Response<()>, Box<Download<H>>),
}

/// Answers a request. Every error becomes a problem document. The body is read only by what
/// takes one.
pub async fn serve<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Answer<H> {
    let trace = Trace::of(head, gateway.client().host());
    // Whoever names no id is given that of the trace: it ties the answer to the log lines.
    let named;
    let head = match head.correlation_id() {
        Some(_) => head,
        None => {
            named = head.with_correlation_id(&trace.trace_id);
            &named
        }
    };
    let mut visit = Visit::new(gateway, head, &trace);
    let answer = match dispatch(gateway, head, body, &mut visit).await {
        Ok(answer) => answer,
        Err(problem) => Answer::Whole(unknown_account::told(gateway, head, problem).await.response()),
    };
    let is_head = head.method == Method::HEAD;
    match answer {
        Answer::Whole(mut response) => {
            visit.conclude(&response);
            finish(&mut response, head, &visit);
            if is_head {
                response.body_mut().clear();
            } else if !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                let length = HeaderValue::from(response.body().len());
                response.headers_mut().insert(header::CONTENT_LENGTH, length);
            }
            Answer::Whole(response)
        }
        Answer::Streamed(mut response, _) if is_head => {
            finish(&mut response, head, &visit);
            Answer::Whole(response.map(|()| String::new()))
        }
        Answer::Streamed(mut response, lines) => {
            finish(&mut response, head, &visit);
            Answer::Streamed(response, lines)
        }
        // What the head says of the file holds; its bytes are not asked for.
        Answer::File(mut response, _) if is_head => {
            finish(&mut response, head, &visit);
            Answer::Whole(response.map(|()| String::new()))
        }
        Answer::File(mut response, file) => {
            finish(&mut response, head, &visit);
            Answer::File(response, file)
        }
    }
}

fn finish<B, H: Host>(response: &mut Response<B>, head: &Head, visit: &Visit<'_, H>) {
    if let Some(id) = head.correlation_id() {
        answer::set(response.headers_mut(), CORRELATION_ID, id);
    }
    visit.leave(response);
}

async fn dispatch<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    visit: &mut Visit<'_, H>,
) -> Result<Answer<H>, Problem> {
    if head.target.len() > LONGEST_TARGET {
        return Err(Problem::uri_too_long(LONGEST_TARGET));
    }
    let found = route::find(&head.method, head.path());
    if let Some(answer) = visit.enter(gateway, &found).await? {
        return Ok(Answer::Whole(answer));
    }
    match found {
        #[cfg(feature = "webhooks")]
        Found::Webhook => delivery(gateway, head, body, visit).await,
        #[cfg(feature = "webhooks")]
        Found::Outbox => outbox::admin::answer(gateway, head).await.map(Answer::Whole),
        Found::Live => Ok(Answer::Whole(health::live())),
        Found::OpenApi => description(gateway, head, visit),
        // Its future is large, and all others would have its size.
        Found::Mcp => Box::pin(mcp::answer(gateway, head, body, visit)).await,
        #[cfg(feature = "oidc")]
        Found::TokenIssuer => oidc::metadata::answer(visit.issuer(), head).map(Answer::Whole),
        Found::Docs => docs(head).map(Answer::Whole),
        Found::Ready => Ok(Answer::Whole(ready(gateway, visit).await)),
        Found::Health => Ok(Answer::Whole(self::health(gateway, visit).await)),
        Found::Metrics => metrics(gateway, head).await.map(Answer::Whole),
        Found::Admin(task) => admin::perform(gateway.client(), task, head).await.map(Answer::Whole),
        Found::Operation { operation, account, parameters } => {
            let asked = Asked {
                api_key: visit.api_key(),
                operation,
                parameters,
                body: None,
                options: options(head, account)?,
            };
            call::by_path(gateway, head, body, asked).await
        }
        Found::Invoke { provider, account, operation } => {
            let operation = dynamic::operation(provider, &operation)?;
            by_name(gateway, head, body, visit, (operation, account)).await
        }
        Found::Batch { provider, account } => {
            Key::refuse_for_batch(&head.headers)?;
            head.no_parameters()?;
            let json = body::json(gateway.client().host(), head, body).await?;
            let options = options(head, account)?;
            batch::begin(gateway.client(), provider, json.as_deref(), &options, visit).await
        }
        Found::DropIn { operation, account, tenant, parameters } => {
            let asked = Asked {
                api_key: visit.api_key(),
                operation,
                parameters,
                body: None,
                options: options(head, account)?,
            };
            drop_in::call(gateway.client(), head, body, asked, &tenant).await
        }
        Found::Token { provider, account } => {
            let keys = gateway.keys().await;
            let of = (provider, account.as_str());
            let given = drop_in::token_for(gateway.client(), of, &keys, head, body).await;
            let status = given.as_ref().map_or_else(Problem::status, Response::status);
            visit.proved(!status.is_client_error())?;
            given.map(Answer::Whole)
        }
        Found::Options(allow) => Ok(Answer::Whole(answer::options(&allow))),
        Found::NoSuchMethod(allow) => Err(Problem::method_not_allowed(&allow)),
        Found::NoSuchPath => Err(Problem::unknown_path()),
        Found::Malformed(error) => Err(Problem::from(error)),
    }
}

/// A call of an operation by its name.
async fn by_name<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    visit: &Visit<'_, H>,
    (operation, account): (&'static Operation, String),
) -> Result<Answer<H>, Problem> {
    if operation.upload.is_some() {
        let message = "takes a file: send it to the operation's own path";
        return Err(Problem::from(FieldError::new("operation", message)));
    }
    let Given { parameters, body } =
        invoke::call(body::json(gateway.client().host(), head, body).await?.as_deref())?;
    let options = options(head, account)?;
    let asked = Asked { api_key: visit.api_key(), operation, parameters, body, options };
    call::call(gateway, head, asked, Parameters::parse(head.query())?).await
}

async fn metrics<H: Host>(gateway: &Gateway<H>, head: &Head) -> Result<Response<String>, Problem> {
    head.no_parameters()?;
    let (keys, readiness, checkup) = join3(gateway.keys(), gateway.readiness(), gateway.checkup()).await;
    let gauges = health::gauges(health::is_ready(&readiness, &keys), &readiness, &checkup);
    let text = gateway.client().metrics() + &gateway.counts().metrics.borrow().prometheus() + &gauges;
    Ok(answer::response(StatusCode::OK, answer::PROMETHEUS, text))
}

/// What the gateway says of itself, to whoever asks: all, or what the key is for.
fn description<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    visit: &Visit<'_, H>,
) -> Result<Answer<H>, Problem> {
    head.no_parameters()?;
    let part = visit.reader().map(openapi::Part::of).unwrap_or_default();
    Ok(openapi::answer(&gateway.documents().of(&part), &head.headers))
}

fn docs(head: &Head) -> Result<Response<String>, Problem> {
    head.no_parameters()?;
    Ok(openapi::page(&head.headers))
}

/// A delivery of a webhook. Whose is not the provider's, or for nobody, counts like whoever has no key.
#[cfg(feature = "webhooks")]
async fn delivery<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    visit: &mut Visit<'_, H>,
) -> Result<Answer<H>, Problem> {
    let taken = webhooks::take(gateway, head, body, visit.trace()).await;
    let is_refused =
        |problem: &Problem| matches!(problem.status(), StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND);
    visit.proved(!taken.as_ref().is_err_and(is_refused))?;
    taken.map(Answer::Whole)
}

async fn health<H: Host>(gateway: &Gateway<H>, visit: &Visit<'_, H>) -> Response<String> {
    let (keys, readiness, checkup) = join3(gateway.keys(), gateway.readiness(), gateway.checkup()).await;
    let snapshot = gateway.client().snapshot();
    health::health(&readiness, &keys, &checkup, &snapshot, visit.sees_all())
}

/// How the header says that a call is to be made.
pub(crate) fn options(head: &Head, account: String) -> Result<CallOptions, Problem> {
    Ok(CallOptions {
        account: Some(account),
        deadline_ms: head.deadline_ms()?,
        correlation_id: head.correlation_id().map(str::to_owned),
        fresh: head.cache_directive("no-cache"),
        accept_stale: head.cache_directive("stale-if-error"),
        ..CallOptions::default()
    })
}

async fn ready<H: Host>(gateway: &Gateway<H>, visit: &Visit<'_, H>) -> Response<String> {
    let (keys, readiness) = join(gateway.keys(), gateway.readiness()).await;
    health::ready(&readiness, &keys, visit.sees_all())
}
