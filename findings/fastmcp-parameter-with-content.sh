#!/usr/bin/env bash
# fastmcp 4.2.3 (PyPI): a query parameter that is declared as JSON is taken apart, and its fields become parameters.
#
# OpenAPI 3.0.3, Parameter Object: a parameter has a `schema` with a `style`, or a `content` with one media type, which
# says how its value is written: with `application/json`, `filter={"status":"open"}`, percent-encoded.
# Seen: the tool that `FastMCP.from_openapi` makes treats it as if it had a `schema` and the style `form`. The name
# `filter` is not sent at all: its fields are, and stand beside, or double, the operation's own parameters (`page` here).
# A server ignores parameters that it does not know, so the answer is the whole list, unfiltered, and no error.
# `style: deepObject` and `explode: false` are right.
#
# Needs Python 3 with venv and the network for the package; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir fastmcp==4.2.3 httpx==0.28.1
cat >"$folder/finding.py" <<'PYTHON'
import asyncio, threading, warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import httpx
from fastmcp import Client, FastMCP

warnings.simplefilter("ignore")
FILTER = {"type": "object", "properties": {"status": {"type": "string"}, "page": {"type": "string"}}}
SORT = {"type": "array", "items": {"type": "string"}}
PARAMETERS = [
    {"name": "filter", "in": "query", "content": {"application/json": {"schema": FILTER}}},
    {"name": "sort", "in": "query", "content": {"application/json": {"schema": SORT}}},
    {"name": "deep", "in": "query", "style": "deepObject", "explode": True, "schema": FILTER},
    {"name": "ids", "in": "query", "explode": False, "schema": SORT},
    {"name": "page", "in": "query", "schema": {"type": "integer"}},
]
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Jobs", "version": "1"},
    "paths": {"/jobs": {"get": {
        "operationId": "jobs", "parameters": PARAMETERS, "responses": {"200": {"description": "jobs"}},
    }}},
}


class Jobs(BaseHTTPRequestHandler):
    def do_GET(self):
        print(unquote(self.path), flush=True)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


async def main(base):
    async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
        async with Client(FastMCP.from_openapi(DOCUMENT, client=http)) as client:
            await client.call_tool("jobs", {"deep": {"status": "open"}, "ids": ["1", "2"]})
            await client.call_tool("jobs", {"filter": {"status": "open", "page": "A4"}, "page": 2})
            await client.call_tool("jobs", {"sort": ["name", "id"]})


server = ThreadingHTTPServer(("127.0.0.1", 0), Jobs)
threading.Thread(target=server.serve_forever, daemon=True).start()
asyncio.run(main(f"http://127.0.0.1:{server.server_port}"))
server.shutdown()
PYTHON
seen=$("$folder/venv/bin/python" -W ignore "$folder/finding.py" 2>"$folder/log") || { cat "$folder/log"; exit 1; }
printf '%s\n' "$seen"
[ "$seen" = "/jobs?deep[status]=open&ids=1,2
/jobs?status=open&page=A4&page=2
/jobs?sort=name&sort=id" ]
