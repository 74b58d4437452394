#!/usr/bin/env bash
# CacheControl 0.14.4 (PyPI): after a POST it goes on giving the list from before it.
#
# It is, by its README, "a port of the caching algorithms in httplib2" for requests. RFC 9111, 4.4: a cache MUST
# invalidate the target URI when an unsafe method gets an answer that is no error; httplib2 0.31.0 does.
# Seen: a list is read (max-age=60), a record is created by POST to the same URI, and the list is read again by the same
# session: the old one comes back, without a request, so that what was created is missing (and is created again by who
# looks before he creates). It invalidates for PUT, PATCH and DELETE only.
#
# Needs Python 3 with venv and the network for the packages; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir \
    CacheControl==0.14.4 requests==2.34.2 httplib2==0.31.0
cat >"$folder/finding.py" <<'PYTHON'
import sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httplib2, requests
from cachecontrol import CacheControl


class Jobs(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.command != "GET":
            Jobs.count += 1
        body = str(Jobs.count).encode()
        self.send_response(200)
        self.send_header("cache-control", "max-age=60")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Jobs)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = CacheControl(requests.Session())
client = httplib2.Http(sys.argv[1], proxy_info=None)
for name, call in (
    ("CacheControl", lambda method, url: session.request(method, url).content),
    ("httplib2", lambda method, url: client.request(url, method, body=None if method == "GET" else "{}")[1]),
):
    stale = []
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        url = f"http://127.0.0.1:{server.server_port}/{name}/{method}"
        before = call("GET", url)
        assert call("GET", url) == before
        call(method, url)
        if int(call("GET", url)) != Jobs.count:
            stale.append(method)
    print(f"{name} is stale after:", *stale or ["none"])
session.close()
server.shutdown()
PYTHON
seen=$(NO_PROXY=127.0.0.1 "$folder/venv/bin/python" "$folder/finding.py" "$folder/httplib2")
printf '%s\n' "$seen"
[ "$seen" = "CacheControl is stale after: POST
httplib2 is stale after: none" ]
