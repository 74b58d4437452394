#!/usr/bin/env bash
# servicepytan 0.4.2: `Report.get_all_data` changes the page size in mid-paging, and leaves thousands of rows out.
#
# It is documented to retrieve "all available data" of a ServiceTitan report, with "page size optimization". When the
# first page says that the pages of the size that was asked for would take over an hour (12 of them, at 5 minutes), it
# goes on with pages of 5,000: but it goes on with page 2, which now begins at row 5,001. The rows between the first
# page's end and there are never asked for.
# Seen: a report of 12,000 rows gives 7,500 with a page size of 500, 8,000 with 1,000 and a timeout of 55 minutes,
# and all with 5,000. No error; the total, which the server said, is not compared.
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
from urllib.parse import parse_qs, urlsplit

from servicepytan.reports import Report

ROWS = 12_000
logging.disable(logging.CRITICAL)


class Vendor(BaseHTTPRequestHandler):
    """A report of the ServiceTitan API V2: `page` counts from 1, in units of `pageSize`."""

    def do_GET(self):
        self.answer({"parameters": [], "fields": [{"name": "Number"}]})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        query = parse_qs(urlsplit(self.path).query)
        if "page" not in query:
            return self.answer({"access_token": "x", "expires_in": 900, "token_type": "Bearer"})
        page, size = int(query["page"][0]), int(query["pageSize"][0])
        first, end = (page - 1) * size, page * size
        self.answer({
            "fields": [{"name": "Number"}], "page": page, "pageSize": size, "totalCount": ROWS,
            "hasMore": end < ROWS, "data": [[row] for row in range(first, min(end, ROWS))],
        })

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
    "SERVICETITAN_CLIENT_ID": "id", "SERVICETITAN_CLIENT_SECRET": "secret", "SERVICETITAN_APP_KEY": "key",
    "SERVICETITAN_APP_ID": "app", "SERVICETITAN_TENANT_ID": "1", "SERVICETITAN_TIMEZONE": "UTC",
    "SERVICETITAN_API_ENVIRONMENT": "integration", "auth_root": base, "api_root": base,
}
for size, minutes in ((500, 60), (1_000, 55), (5_000, 60)):
    rows = Report("operations", "4711", conn=connection).get_all_data(page_size=size, timeout_min=minutes)["data"]
    numbers = {row[0] for row in rows}
    missing = [number for number in range(ROWS) if number not in numbers]
    print(size, len(rows), f"missing {missing[0]} to {missing[-1]}" if missing else "missing none")
server.shutdown()
PYTHON
seen=$(NO_PROXY=127.0.0.1 "$folder/venv/bin/python" "$folder/finding.py")
printf 'page size, rows of 12,000:\n%s\n' "$seen"
[ "$seen" = "500 7500 missing 500 to 4999
1000 8000 missing 1000 to 4999
5000 12000 missing none" ]
