//! Reads all jobs, and makes kinds of jobs. Penstock runs in this component: no request is sent but those to the vendor.

use bindings::penstock::connector::{
    operations,
    types::{CallOptions, Failure, Outcome},
};
use serde_json::{Value, json};
use wasip3::{
    http::types::{ErrorCode, Fields, Method, Request, Response},
    wit_future, wit_stream,
};

mod bindings {
    wit_bindgen::generate!({
        path: "penstock",
        inline: "
            package app:app;
            world app {
                import penstock:connector/operations@0.1.0;
            }
        ",
        world: "app:app/app",
        generate_all,
    });
}

struct App;

wasip3::http::service::export!(App);

impl wasip3::exports::http::handler::Guest for App {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let answer = match (request.get_method(), path.as_str()) {
            (Method::Get, "/jobs") => jobs().await,
            (Method::Post, "/job-types") => make(body(request).await).await,
            _ => return respond(404, json!({})),
        };
        match answer {
            Ok(value) => respond(200, value),
            Err(failure) => respond(502, told(&failure)),
        }
    }
}

/// The ids of all jobs. What a read gave before it failed is not lost: `resume` of its end goes on there.
async fn jobs() -> Result<Value, Failure> {
    let options = CallOptions {
        page_size: Some(500),
        ..none()
    };
    let sorted = [("sort".to_owned(), "+Id".to_owned())];
    let asked = ("servicetitan".to_owned(), "jpm.jobs-list".to_owned());
    let (mut records, end) =
        operations::list(asked.0, asked.1, sorted.to_vec(), None, Some(options)).await;
    let mut ids = Vec::new();
    while let Some(record) = records.next().await {
        let record: Value = serde_json::from_str(&record).unwrap_or_default();
        ids.push(record["id"].clone());
    }
    let end = end.await?;
    Ok(json!({"ids": ids, "complete": end.complete, "items": end.items}))
}

/// Whether a write that failed was done is told by `outcome`: one that is `unknown` must not be repeated blindly.
async fn make(body: String) -> Result<Value, Failure> {
    let asked = ("servicetitan".to_owned(), "jpm.job-types-create".to_owned());
    let answer = operations::invoke(asked.0, asked.1, Vec::new(), Some(body), None).await?;
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

async fn body(request: Request) -> String {
    let (_, read) = wit_future::new(|| Ok(()));
    let (stream, _) = Request::consume_body(request, read);
    String::from_utf8(stream.collect().await).unwrap_or_default()
}

fn respond(status: u16, value: Value) -> Result<Response, ErrorCode> {
    let fields = Fields::from_list(&[("content-type".to_owned(), b"application/json".to_vec())]);
    let fields = fields.map_err(|_| ErrorCode::InternalError(None))?;
    let (mut writer, reader) = wit_stream::new();
    wit_bindgen::spawn_local(async move {
        drop(writer.write_all(value.to_string().into_bytes()).await)
    });
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(fields, Some(reader), trailers);
    response
        .set_status_code(status)
        .map_err(|()| ErrorCode::InternalError(None))?;
    Ok(response)
}
