"""A vendor whose credentials change: in front of a simulated one, it knows which client secrets are good."""

import http.client
import http.server
import threading
import urllib.parse


class Vendor:
    """`accepted` are the secrets that are good; a token is good as long as the secret is that it was given for."""

    def __init__(self, url, secret):
        self.host, self.secret = url.removeprefix("http://"), secret
        self.accepted, self.tokens, self.used = set(), {}, []
        self.lock = threading.Lock()
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, headers, answer = vendor.forward(self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forward(self, method, path, headers, body):
        headers = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
        given = None
        if path == "/connect/token":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            given = form.get("client_secret")
            if given not in self.accepted:
                return 400, [("content-type", "application/json")], b'{"error":"invalid_client"}'
            form["client_secret"] = self.secret
            body = urllib.parse.urlencode(form).encode()
        else:
            token = headers.get("Authorization", headers.get("authorization", "")).removeprefix("Bearer ")
            if self.tokens.get(token) not in self.accepted:
                return 401, [("content-type", "application/json")], b'{"title":"Unauthorized","status":401}'
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if given and answer.status == 200:
            token = text.decode().split('"access_token":"', 1)[1].split('"', 1)[0]
            with self.lock:
                self.tokens[token] = given
                self.used.append(given)
        return answer.status, answer.getheaders(), text
