//! What happens to one request, in order.

mod admission;
mod log;

pub(crate) use admission::limited;

use crate::{
    answer::Answer,
    echo,
    faults::{Asked, FaultKind},
    listen::Connection,
    request::Received,
    response::{Reset, Sending, Sent},
    servicetitan::{
        World,
        auth::TOKEN_PATH,
        errors::ApiError,
        faults::{after, instead},
        operations,
        router::Found,
    },
};
use http::{Method, Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

/// The largest body that is read: more than the files that tests upload.
const LARGEST_BODY: usize = 128 * 1024 * 1024;

/// Answers a request, or fails so that hyper drops the connection.
pub(crate) async fn serve(
    world: &World,
    connection: &Connection,
    request: Request<Incoming>,
) -> Result<Response<Sending>, Reset> {
    let (parts, body) = request.into_parts();
    let working = world.record.working();
    let trace = admission::trace(world);
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        connection.doom();
        return Err(Reset);
    };
    let request = Received { parts, body: body.to_bytes() };
    let mut served = Served { operation: None, fault: None };
    world.record.count(|stats| stats.requests += 1);
    let sent = if request.path() == TOKEN_PATH {
        token(world, &request, &mut served, &trace).await
    } else {
        api(world, &request, &mut served, &trace).await
    };
    log::request(world, &request, &served, sent.as_ref().ok());
    drop(working);
    if !sent.as_ref().is_ok_and(|sent| !sent.cut) {
        connection.doom();
    }
    Ok(sent?.response(&trace))
}

/// What became of a request.
pub(crate) struct Served {
    pub(crate) operation: Option<String>,
    pub(crate) fault: Option<FaultKind>,
}

async fn token(world: &World, request: &Received, served: &mut Served, trace: &str) -> Result<Sent, Reset> {
    world.record.count(|stats| stats.token_requests += 1);
    if *request.method() != Method::POST {
        return Ok(Sent::whole(ApiError::new(405, "Use POST.").header("allow", "POST").answer(trace)));
    }
    let fault = fault(world, None, request, served);
    if let Some(sent) = fault.and_then(|kind| in_its_place(world, kind, request, trace)) {
        return sent;
    }
    wait(world, fault).await;
    let answer = world.tokens.grant(&world.config, request.header(CONTENT_TYPE.as_str()), &request.text());
    if answer.status == 200 {
        world.record.count(|stats| stats.tokens += 1);
    }
    world.run_hooks(None, request.method().as_str(), request.path(), request.query());
    fault.map_or(Ok(Sent::whole(answer.clone())), |kind| after(kind, answer, trace))
}

async fn api(world: &World, request: &Received, served: &mut Served, trace: &str) -> Result<Sent, Reset> {
    let refused = |error: ApiError| Ok(Sent::whole(error.answer(trace)));
    let (operation, placeholders) = match world.router.find(&world.declared, request.method(), request.path())
    {
        Found::Operation(operation, placeholders) => (operation, placeholders),
        Found::Nothing => return refused(ApiError::new(404, "There is no such resource.")),
        Found::WrongMethod(allowed) => {
            return refused(
                ApiError::new(405, "The method is not allowed.").header("allow", allowed.join(", ")),
            );
        }
    };
    served.operation = Some(operation.id.clone());
    world.record.count(|stats| *stats.operations.entry(operation.id.clone()).or_default() += 1);
    let tenant = match admission::admit(world, request, &placeholders) {
        Ok(tenant) => tenant,
        Err(error) => return refused(error),
    };
    let fault = fault(world, Some(&operation.id), request, served);
    if fault == Some(FaultKind::TokenRevoked) {
        world.tokens.revoke(request.header("authorization").unwrap_or_default());
    }
    if let Some(sent) = fault.and_then(|kind| in_its_place(world, kind, request, trace)) {
        return sent;
    }
    wait(world, fault).await;
    let answer = match operations::answer(world, operation, tenant, placeholders, request) {
        Ok(answer) => answer,
        Err(error) => error.answer(trace),
    };
    count(world, operation, &answer);
    world.run_hooks(Some(&operation.id), request.method().as_str(), request.path(), request.query());
    fault.map_or(Ok(Sent::whole(answer.clone())), |kind| after(kind, answer, trace))
}

fn fault(
    world: &World,
    operation: Option<&str>,
    request: &Received,
    served: &mut Served,
) -> Option<FaultKind> {
    let asked = Asked {
        operation,
        method: request.method().as_str(),
        path: request.path(),
        query: request.query(),
        body: &request.body,
    };
    served.fault = world.plan.next(asked);
    if let Some(kind) = served.fault {
        world.record.count(|stats| *stats.faults.entry(kind).or_default() += 1);
    }
    served.fault
}

/// What is answered in the place of the right answer; none if the request is served first.
fn in_its_place(
    world: &World,
    kind: FaultKind,
    request: &Received,
    trace: &str,
) -> Option<Result<Sent, Reset>> {
    match echo::instead(kind, request, world.record.faults(kind)) {
        Some(answer) => Some(Ok(Sent::whole(answer))),
        None => instead(kind, &world.plan.faults(), world.config.clock.now(), trace),
    }
}

async fn wait(world: &World, fault: Option<FaultKind>) {
    world.config.clock.sleep(world.config.latency).await;
    if fault == Some(FaultKind::Slow) {
        world.config.clock.sleep(world.plan.faults().delay).await;
    }
}

fn count(world: &World, operation: &super::declared::Operation, answer: &Answer) {
    if operation.method != Method::GET && answer.status < 300 {
        world.record.count(|stats| *stats.writes.entry(operation.id.clone()).or_default() += 1);
    }
}
