//! Reads all jobs, and makes kinds of jobs. Penstock runs in this component: no request is sent but those to the vendor.

use bindings::penstock::connector::{
    operations,
    types::{CallOptions, Failure, Outcome},
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};

mod bindings {
    wit_bindgen::generate!({
        path: "penstock",
        inline: "
            package app:app;
            world app {
                import penstock:connector/operations@0.1.0-p2;
            }
        ",
        world: "app:app/app",
        generate_all,
    });
}

struct App;

wasip2::http::proxy::export!(App);

impl wasip2::exports::http::incoming_handler::Guest for App {
    fn handle(request: IncomingRequest, answer: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let said = match (request.method(), path.as_str()) {
            (Method::Get, "/jobs") => jobs(),
            (Method::Post, "/job-types") => make(body(&request)),
            _ => return respond(answer, 404, json!({})),
        };
        match said {
            Ok(value) => respond(answer, 200, value),
            Err(failure) => respond(answer, 502, told(&failure)),
        }
    }
}

/// The ids of all jobs. What a read gave before it failed is not lost: `resume` of its end goes on there.
fn jobs() -> Result<Value, Failure> {
    let options = CallOptions {
        page_size: Some(500),
        ..none()
    };
    let sorted = [("sort".to_owned(), "+Id".to_owned())];
    let records = operations::list(
        "servicetitan",
        "jpm.jobs-list",
        &sorted,
        None,
        Some(&options),
    );
    let mut ids = Vec::new();
    while let Some(some) = records.next(500)? {
        for record in some {
            let record: Value = serde_json::from_str(&record).unwrap_or_default();
            ids.push(record["id"].clone());
        }
    }
    let end = records.end()?;
    Ok(json!({"ids": ids, "complete": end.complete, "items": end.items}))
}

/// Whether a write that failed was done is told by `outcome`: one that is `unknown` must not be repeated blindly.
fn make(body: String) -> Result<Value, Failure> {
    let operation = "jpm.job-types-create";
    let answer = operations::invoke("servicetitan", operation, &[], Some(&body), None)?;
    Ok(answer
        .body
        .and_then(|body| serde_json::from_str(&body).ok())
        .unwrap_or_default())
}

fn none() -> CallOptions {
    CallOptions {
        account: None,
        deadline_ms: None,
        fresh: false,
        accept_stale: false,
        allow_resend: false,
        resume: None,
        correlation_id: None,
        fallback: None,
        page_size: None,
        window: None,
        on_misfit: None,
    }
}

fn told(failure: &Failure) -> Value {
    let outcome = match failure.outcome {
        Outcome::NotSent => "not-sent",
        Outcome::NotApplied => "not-applied",
        Outcome::Applied => "applied",
        Outcome::Unknown => "unknown",
    };
    json!({ "outcome": outcome, "message": failure.message })
}

fn body(request: &IncomingRequest) -> String {
    let mut text = String::new();
    if let Ok(body) = request.consume() {
        if let Ok(mut stream) = body.stream() {
            // What cannot be read is no request that Penstock would take.
            drop(stream.read_to_string(&mut text));
        }
        drop(IncomingBody::finish(body));
    }
    text
}

fn respond(answer: ResponseOutparam, status: u16, value: Value) {
    let ty = ("content-type".to_owned(), b"application/json".to_vec());
    let response = Fields::from_list(&[ty]).ok().and_then(|fields| {
        let response = OutgoingResponse::new(fields);
        response.set_status_code(status).ok()?;
        Some((response.body().ok()?, response))
    });
    let Some((body, response)) = response else {
        return ResponseOutparam::set(answer, Err(ErrorCode::InternalError(None)));
    };
    ResponseOutparam::set(answer, Ok(response));
    let text = value.to_string();
    let written = body.write().is_ok_and(|mut stream| {
        stream.write_all(text.as_bytes()).is_ok() && stream.blocking_flush().is_ok()
    });
    // A body that is not finished breaks off, so that nobody takes half of it for the whole.
    if written {
        drop(OutgoingBody::finish(body, None));
    }
}
