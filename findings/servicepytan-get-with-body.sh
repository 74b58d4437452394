#!/usr/bin/env bash
# servicepytan 0.4.2: every GET carries a body, `{}`, and says that it is JSON.
#
# RFC 9110 section 9.3.1: a client should not send content in a GET request, unless the origin server has said that it means
# something; servers and proxies may refuse it. `Endpoint.get_one`, `get_many` and `get_all` document none.
# Seen: `request_json` has `{}` as the default of its JSON payload and hands it to requests, which sends all but None: two
# bytes, `Content-Length: 2` and `Content-Type: application/json` with each GET. A vendor's front end that refuses such
# requests, or a cache that keys them by their content, meets it with the first call. `get_one` asks for `pageSize=100` of
# a single record besides.
#
# Needs Python 3 with venv and the network for the package; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir servicepytan==0.4.2
cat >"$folder/finding.py" <<'PYTHON'
import json, logging, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from servicepytan.requests import Endpoint

logging.disable(logging.CRITICAL)
seen = []


class Vendor(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        seen.append((self.path, body, self.headers.get("content-type")))
        self.answer({"id": 1, "data": [], "hasMore": False})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.answer({"access_token": "x", "expires_in": 900, "token_type": "Bearer"})

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
connection = {
    "SERVICETITAN_CLIENT_ID": "i", "SERVICETITAN_CLIENT_SECRET": "s", "SERVICETITAN_APP_KEY": "k",
    "SERVICETITAN_TENANT_ID": "1", "auth_root": base, "api_root": base,
}
jobs = Endpoint("jpm", "jobs", connection)
jobs.get_many({"pageSize": 5})
jobs.get_one(1)
server.shutdown()
for path, body, kind in seen:
    print(f"GET {path}: {body!r} {kind}")
assert [(body, kind) for _, body, kind in seen] == [(b"{}", "application/json")] * 2, seen
assert seen[1][0].endswith("/jobs/1?pageSize=100"), seen[1]
print("as seen: each GET has a body")
PYTHON
"$folder/venv/bin/python" "$folder/finding.py"
