//! Binds [`serve`](crate::serve()) to `wasi:http/handler`.

use crate::{
    Answer, Gateway, entrance,
    host::SpinHost,
    lines::Lines,
    listing::{Bytes, Ended},
    request::{HEADERS, Head},
    serve,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use penstock::{
    client::{Client, Download},
    entry::{dynamic::MadeOf, stream_file::stream_file, stream_records::Sink},
    host::{
        Host,
        wasi::{
            End, Incoming,
            bindings::{
                wasi::http::types::{self as wasi, ErrorCode, Fields, Request, Response},
                wit_future, wit_stream,
            },
        },
    },
};
use std::{rc::Rc, time::Duration};
use wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamWriter, spawn_local};

/// How long the host gets to send the last line before the body is broken off: what
/// it has not sent by then it drops.
const FLUSH: Duration = Duration::from_millis(100);

struct Component;

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/wasi/clocks", "../wit/wasi/http"],
        inline: "
            package penstock:gateway;
            world gateway {
                export wasi:http/handler@0.3.0;
            }
        ",
        world: "penstock:gateway/gateway",
        with: {
            "wasi:clocks/types@0.3.0": penstock::host::wasi::bindings::wasi::clocks::types,
            "wasi:http/types@0.3.0": penstock::host::wasi::bindings::wasi::http::types,
        },
        generate_all,
    });
    use super::Component;
    export!(Component);
}

thread_local! {
    /// One for all requests of an instance.
    static GATEWAY: Rc<Gateway<SpinHost>> = Rc::new(new_gateway());
}

#[cfg(feature = "webhooks")]
fn new_gateway() -> Gateway<SpinHost> {
    Gateway::new(Client::new(SpinHost)).with_broker(Box::new(crate::store::RedisBroker))
}

#[cfg(not(feature = "webhooks"))]
fn new_gateway() -> Gateway<SpinHost> {
    Gateway::new(Client::new(SpinHost))
}

impl bindings::exports::wasi::http::handler::Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let head = head(&request)?;
        let (_, read) = wit_future::new(|| Ok(()));
        let (contents, end) = Request::consume_body(request, read);
        let body = Box::new(Incoming::new(contents, end));
        let gateway = GATEWAY.with(Rc::clone);
        let answer = serve(&gateway, &head, Some(body)).await;
        // Whoever asks whether the instance lives waits for nothing, and makes it do nothing.
        #[cfg(feature = "webhooks")]
        if head.path() != "/live" {
            spawn_local(async move { crate::outbox::after(&gateway).await });
        }
        match answer {
            Answer::Whole(whole) => {
                let (mut head, body) = whole.into_parts();
                let made_of = head.extensions.remove::<MadeOf>();
                let (end, trailers) = wit_future::new(|| Ok(None));
                drop(end);
                let contents = (!body.is_empty()).then(|| {
                    let (mut writer, reader) = wit_stream::new();
                    // What the client does not take, it does not want.
                    spawn_local(async move {
                        drop(writer.write_all(body.into_bytes()).await);
                        drop(made_of);
                    });
                    reader
                });
                response(&head, contents, trailers)
            }
            Answer::Streamed(streamed, lines) => {
                let (writer, reader) = wit_stream::new();
                let (end, trailers) = wit_future::new(|| Err(broken()));
                spawn_local(stream(lines, writer, end));
                response(&streamed.into_parts().0, Some(reader), trailers)
            }
            Answer::File(head, file) => {
                let (writer, reader) = wit_stream::new();
                let (end, trailers) = wit_future::new(|| Err(broken()));
                spawn_local(pass_on(*file, writer, end));
                response(&head.into_parts().0, Some(reader), trailers)
            }
        }
    }
}

/// Passes a file on, and ends the body as the file ended.
async fn pass_on(file: Download<SpinHost>, writer: StreamWriter<u8>, end: FutureWriter<End>) {
    let mut body = Body(writer);
    let result = stream_file(file, &mut body).await;
    drop(body);
    // A client that is gone does not want to know.
    _ = end.write(result.map(|()| None).map_err(|_| broken())).await;
}

impl Sink<u8> for Body {
    async fn write(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.0.write_all(bytes).await
    }
}

/// Streams lines, and ends the body as what they tell of ended.
async fn stream(lines: Lines<SpinHost>, writer: StreamWriter<u8>, end: FutureWriter<End>) {
    let mut body = Body(writer);
    let ended = lines.run(&mut body).await;
    let result = match ended {
        Ended::Complete => Ok(None),
        Ended::Abandoned => Err(broken()),
        Ended::Failed => {
            SpinHost.sleep(FLUSH).await;
            Err(broken())
        }
    };
    drop(body);
    // A client that is gone does not want to know.
    _ = end.write(result).await;
}

struct Body(StreamWriter<u8>);

impl Bytes for Body {
    async fn write(&mut self, bytes: Vec<u8>) -> usize {
        self.0.write_all(bytes).await.len()
    }
}

fn broken() -> ErrorCode {
    ErrorCode::InternalError(Some("the answer broke off".to_owned()))
}

fn head(request: &Request) -> Result<Head, ErrorCode> {
    let method = method(request.get_method()).ok_or(ErrorCode::HttpRequestMethodInvalid)?;
    let target = request.get_path_with_query().unwrap_or_default();
    let fields = request.get_headers();
    let mut headers = HeaderMap::new();
    // One question of the host for all of them.
    for (name, value) in fields.copy_all() {
        let known = HEADERS.iter().chain(&entrance::HEADERS).any(|known| known.eq_ignore_ascii_case(&name));
        if (known || takes_all(&target))
            && let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(&value))
        {
            headers.append(name, value);
        }
    }
    Ok(Head { method, target, headers })
}

fn method(method: wasi::Method) -> Option<Method> {
    use wasi::Method as M;
    Some(match method {
        M::Get => Method::GET,
        M::Head => Method::HEAD,
        M::Post => Method::POST,
        M::Put => Method::PUT,
        M::Delete => Method::DELETE,
        M::Connect => Method::CONNECT,
        M::Options => Method::OPTIONS,
        M::Trace => Method::TRACE,
        M::Patch => Method::PATCH,
        M::Other(name) => Method::from_bytes(name.as_bytes()).ok()?,
    })
}

/// Whether all header fields of a request are kept: which one proves a webhook is a setting.
#[cfg(feature = "webhooks")]
fn takes_all(target: &str) -> bool {
    crate::webhooks::is_ours(target)
}

#[cfg(not(feature = "webhooks"))]
fn takes_all(_: &str) -> bool {
    false
}

fn response(
    head: &http::response::Parts,
    contents: Option<StreamReader<u8>>,
    trailers: FutureReader<End>,
) -> Result<Response, ErrorCode> {
    let invalid = |what: &str| ErrorCode::InternalError(Some(format!("the {what} is not valid")));
    let fields = head.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let fields = Fields::from_list(&fields.collect::<Vec<_>>()).map_err(|_| invalid("header"))?;
    let (response, _sent) = Response::new(fields, contents, trailers);
    response.set_status_code(head.status.as_u16()).map_err(|()| invalid("status"))?;
    Ok(response)
}
