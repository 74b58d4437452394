"""An HTTP application whose calls go to Penstock, a component in the same process.

GET /jobs reads all jobs by name, GET /jobs/ID one by its typed function, POST /job-types makes a kind of job.
"""

import json

import componentize_py_async_support
import wit_world
from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import jpm, operations
from wit_world.imports.penstock_connector_types import CallOptions
from wit_world.imports.wasi_http_types import Fields, Method_Post, Request, Response


class Handler(exports.Handler):
    async def handle(self, request: Request) -> Response:
        path = request.get_path_with_query() or ""
        try:
            if isinstance(request.get_method(), Method_Post):
                return respond(200, await make(await body(request)))
            if path == "/jobs":
                return respond(200, await jobs())
            return respond(200, await job(int(path.rsplit("/", 1)[1])))
        except Err as error:
            failure = error.value
            told = {"kind": failure.kind.name, "outcome": failure.outcome.name, "message": failure.message}
            return respond(502, told)


async def jobs():
    options = CallOptions(None, None, None, None, False, False, None, False, 500, None, None)
    stream, end = await operations.list("servicetitan", "jpm.jobs-list", [("sort", "+Id")], None, options)
    ids = []
    with stream:
        while records := await stream.read(500):
            ids += [json.loads(record)["id"] for record in records]
    # The result inside of a future is a value, whichever of the two it is.
    end = await end.read()
    if isinstance(end, Err):
        raise end
    return {"ids": ids, "complete": end.value.complete, "items": end.value.items}


async def job(of):
    found, _ = await jpm.jobs_get(of, jpm.JobsGetQuery(None), None)
    return {"id": found.id, "summary": found.summary}


async def make(text):
    answer = await operations.invoke("servicetitan", "jpm.job-types-create", [], text, None)
    return json.loads(answer.body or "null")


async def body(request):
    _, read = wit_world.result_unit_wasi_http_types_error_code_future(lambda: Ok(None))
    stream, _ = Request.consume_body(request, read)
    text = b""
    with stream:
        while some := await stream.read(65536):
            text += some
    return text.decode()


def respond(status, value):
    writer, reader = wit_world.byte_stream()
    componentize_py_async_support.spawn(write(writer, json.dumps(value).encode()))
    _, trailers = wit_world.result_option_wasi_http_types_fields_wasi_http_types_error_code_future(lambda: Ok(None))
    response, _ = Response.new(Fields.from_list([("content-type", b"application/json")]), reader, trailers)
    response.set_status_code(status)
    return response


async def write(writer, content):
    with writer:
        await writer.write_all(content)
