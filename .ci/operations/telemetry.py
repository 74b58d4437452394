"""`telemetry.py PROGRAM`: a gateway whose calls succeed and fail tells a StatsD daemon, Sentry and Rollbar. What Sentry gets goes through its own
normaliser, which must find nothing to mend."""

import hashlib
import http.server
import json
import os
import pathlib
import re
import socket
import sys
import threading

import sentry_relay.processing

from processes import Programs, end, get, simulated, until
from vendor import Vendor

KEY = "pk_of_the_caller_0123456789"


class Recipient:
    """Takes what is posted, and answers as it is told."""

    def __init__(self, headers):
        self.got, recipient = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                recipient.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.place = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def statsd():
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.bind(("127.0.0.1", 0))
    daemon.settimeout(20)
    return daemon, daemon.getsockname()[1]


def is_whole(event):
    """As Sentry takes it: nothing dropped, nothing mended."""
    normalized = sentry_relay.processing.StoreNormalizer(project_id=1).normalize_event(raw_event=json.dumps(event))
    assert "_meta" not in normalized and not normalized.get("errors"), (normalized.get("errors"), normalized.get("_meta"))
    for name in ("level", "environment", "release", "event_id"):
        assert normalized[name] == event[name], (name, event[name], normalized[name])
    return normalized


def main():
    program = os.path.abspath(sys.argv[1])
    with Programs() as programs:
        # After one event nothing more is to come for a minute.
        sentry, rollbar = Recipient({"X-Sentry-Rate-Limits": "60:error:organization"}), Recipient({})
        daemon, port = statsd()
        settings = simulated(programs, program, "--unlimited")
        vendor = Vendor(settings["SERVICETITAN_API_URL"], settings["SERVICETITAN_CLIENT_SECRET"])
        vendor.accepted = {settings["SERVICETITAN_CLIENT_SECRET"]}
        environment = dict(
            os.environ, **{**settings, "SERVICETITAN_API_URL": vendor.url, "SERVICETITAN_AUTH_URL": vendor.url},
            RETRY_ATTEMPTS="1", LOG_FORMAT="datadog", SENTRY_DSN=f"http://public@{sentry.place}/7", ENVIRONMENT="staging",
            SERVICETITAN_API_ENVIRONMENT="production",
            ROLLBAR_TOKEN="token-of-rollbar", ROLLBAR_ENDPOINT=f"http://{rollbar.place}", PENSTOCK_STATSD=f"127.0.0.1:{port}",
            PENSTOCK_API_KEY_HASH="sha256:" + hashlib.sha256(KEY.encode()).hexdigest())
        process, url = programs.gateway(
            program, ["--real", "--listen", "127.0.0.1:0", "--state", str(programs.folder / "state.db")], environment)
        key = {"X-API-Key": KEY}
        assert get(f"{url}/v1/servicetitan/default/jpm/jobs?pageSize=5", key)[0] == 200
        # Its secret is withdrawn.
        vendor.accepted = set()
        for _ in range(3):
            assert get(f"{url}/v1/servicetitan/default/jpm/jobs?pageSize=5", key)[0] >= 400
        until("a report to Rollbar", lambda: len(rollbar.got) >= 3, 20)
        until("a report to Sentry", lambda: sentry.got, 20)
        counted = ""
        while ".authentication:1|c" not in counted:
            counted += daemon.recv(65536).decode()
        assert re.search(r"(?m)^penstock\.calls\.jpm_jobs-\w+\.ok:1\|c$", counted) and counted.endswith("\n"), counted
        assert end(process) == 0
        assert len(sentry.got) == 1, f"{len(sentry.got)} reports, and Sentry asked to wait after the first"
        path, headers, body = sentry.got[0]
        head, item, event = (json.loads(line) for line in body.decode().splitlines())
        assert path == "/api/7/envelope/" and "sentry_key=public" in headers["x-sentry-auth"], (path, headers)
        assert item["type"] == "event" and head["event_id"] == event["event_id"]
        is_whole(event)
        for path, headers, body in rollbar.got:
            data = json.loads(body)["data"]
            assert path == "/api/1/item/" and headers["x-rollbar-access-token"] == "token-of-rollbar"
            assert data["level"] == "warning" and data["environment"] == "staging", data
        log = pathlib.Path(process.log).read_text()
        assert re.search(r'"status":"warn"', log) and '"service":"penstock"' in log, log[:500]
        for secret in (settings["SERVICETITAN_CLIENT_SECRET"], settings["SERVICETITAN_APP_KEY"], "token-of-rollbar"):
            assert secret not in body.decode() and secret not in log and secret not in json.dumps(event)
        print(f"{counted.count('|c')} counts, 1 event of {len(rollbar.got)} for Sentry, {len(rollbar.got)} items for Rollbar")


main()
