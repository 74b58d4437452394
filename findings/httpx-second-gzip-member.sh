#!/usr/bin/env bash
# httpx 0.28.1: of a gzip body that has two members it gives the first and drops the rest without a word.
#
# Its documentation says that gzip, deflate, brotli and zstd bodies are decoded for the caller. The gzip coding of
# RFC 9110, 8.4.1.3 is the format of RFC 1952, whose 2.2 says that a file is a series of members, one after another:
# what exporters make that compress page by page and append, or join files that are gzipped already.
# Seen: 3 of 6 records, status 200, no exception, also by `iter_bytes`, and with a content-length that was read to its
# end. Its own zstd decoder reads all frames, and requests 2.34.2 and aiohttp 3.14.5 give all 6 records.
#
# Needs Python 3 with venv and the network for the packages; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir \
    httpx==0.28.1 requests==2.34.2 aiohttp==3.14.5 zstandard==0.25.0
cat >"$folder/finding.py" <<'PYTHON'
import asyncio, gzip, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp, httpx, requests, zstandard

PAGES = [b'{"id":1}\n{"id":2}\n{"id":3}\n', b'{"id":4}\n{"id":5}\n{"id":6}\n']
BODIES = {
    "/gzip": b"".join(gzip.compress(page) for page in PAGES),
    "/zstd": b"".join(zstandard.compress(page) for page in PAGES),
}


class Export(BaseHTTPRequestHandler):
    def do_GET(self):
        body = BODIES[self.path]
        self.send_response(200)
        self.send_header("content-encoding", self.path[1:])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


async def with_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.read()


def streamed(client, url):
    with client.stream("GET", url) as response:
        return b"".join(response.iter_bytes())


server = ThreadingHTTPServer(("127.0.0.1", 0), Export)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
plain = requests.Session()
plain.trust_env = False
with httpx.Client(trust_env=False) as client:
    print("httpx gzip", client.get(base + "/gzip").text.count("\n"))
    print("httpx gzip streamed", streamed(client, base + "/gzip").count(b"\n"))
    print("httpx zstd", client.get(base + "/zstd").text.count("\n"))
print("requests gzip", plain.get(base + "/gzip").text.count("\n"))
print("aiohttp gzip", asyncio.run(with_aiohttp(base + "/gzip")).count(b"\n"))
server.shutdown()
PYTHON
seen=$("$folder/venv/bin/python" "$folder/finding.py")
printf 'records of 6:\n%s\n' "$seen"
[ "$seen" = "httpx gzip 3
httpx gzip streamed 3
httpx zstd 6
requests gzip 6
aiohttp gzip 6" ]
