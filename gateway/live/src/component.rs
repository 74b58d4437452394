//! Binds it to `wasi:http/handler`.

use crate::{BODY, HEADERS};
use bindings::{
    wasi::http::types::{ErrorCode, Fields, Method, Request, Response},
    wit_future, wit_stream,
};
use wit_bindgen::spawn_local;

struct Component;

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/wasi/clocks", "../../wit/wasi/http"],
        inline: "
            package penstock:live;
            world live {
                export wasi:http/handler@0.3.0;
            }
        ",
        world: "penstock:live/live",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

impl bindings::exports::wasi::http::handler::Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let (status, body) = match request.get_method() {
            Method::Get => (200, BODY),
            Method::Head => (200, ""),
            _ => (405, ""),
        };
        let length = if status == 200 { BODY.len() } else { 0 };
        let further = [("content-length", length.to_string()), ("allow", "GET, HEAD".to_owned())];
        let further = further.iter().map(|(name, value)| (*name, value.as_str())).take(if status == 405 {
            2
        } else {
            1
        });
        let fields: Vec<_> = HEADERS
            .into_iter()
            .chain(further)
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .collect();
        let invalid = |_| ErrorCode::InternalError(Some("the header is not valid".to_owned()));
        let fields = Fields::from_list(&fields).map_err(invalid)?;
        let (end, trailers) = wit_future::new(|| Ok(None));
        drop(end);
        let contents = (!body.is_empty()).then(|| {
            let (mut writer, reader) = wit_stream::new();
            spawn_local(async move { drop(writer.write_all(body.into()).await) });
            reader
        });
        let (response, _sent) = Response::new(fields, contents, trailers);
        let set = response.set_status_code(status);
        set.map_err(|()| ErrorCode::InternalError(Some("the status is not valid".to_owned())))?;
        Ok(response)
    }
}
