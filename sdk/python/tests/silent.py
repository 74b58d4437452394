"""A server that grants tokens, reads everything else, and never answers."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Silent:
    """Runs in a thread. `read` has method and path of what was read to its end."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.path == "/connect/token":
                    token = json.dumps({"access_token": "t", "expires_in": 900, "token_type": "Bearer"}).encode()
                    self.send_response(200)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(token)))
                    self.end_headers()
                    self.wfile.write(token)
                    return
                outer.read.append(f"{self.command} {self.path}")
                outer.ended.wait(30)
                self.close_connection = True

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a client."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {
            "PENSTOCK_ALLOW_HTTP": "true",
            "PENSTOCK_ROLE": "admin",
            "REQUEST_TIMEOUT": "1",
            "SERVICETITAN_API_URL": url,
            "SERVICETITAN_AUTH_URL": url,
            "SERVICETITAN_APP_KEY": "ak",
            "SERVICETITAN_CLIENT_ID": "cid",
            "SERVICETITAN_CLIENT_SECRET": "cs",
            "SERVICETITAN_TENANT_ID": "7",
        }

    def close(self) -> None:
        """Ends it."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
