#!/usr/bin/env bash
# Authlib 1.9.10 and requests-oauthlib 2.0.0 (PyPI): client id and secret go into Basic without the encoding of OAuth.
#
# RFC 6749, 2.3.1: both are encoded as in HTML forms (appendix B) before they become user name and password of Basic. A
# token endpoint that keeps to it decodes them: `%` and `+` in a secret, `:` in an id (a URN, a URL) change otherwise.
# Seen: both send them as they are. An endpoint that decodes gets another secret, and another place where the id ends,
# and says `invalid_client` for credentials that are right. Most secrets never show it, since letters and digits need no
# encoding: it comes with a rotated one. simple-oauth2 5.1.0 (npm) encodes.
#
# Needs Python 3 with venv, Node 20 with npm, and the network for the packages; serves on loopback only. Exit code 0: as
# seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" simple-oauth2@5.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir \
    Authlib==1.9.10 requests-oauthlib==2.0.0 oauthlib==4.0.1 requests==2.34.2
cat >finding.py <<'PYTHON'
import base64, json, subprocess, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session as RequestsOAuth

ID, SECRET = "urn:example:app", "p%2Bq+r"
seen = []


class Endpoint(BaseHTTPRequestHandler):
    """Reads Basic as RFC 6749 says."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        pair = base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()
        user, _, password = pair.partition(":")
        seen.append((unquote_plus(user), unquote_plus(password)))
        body = json.dumps({"access_token": "x", "token_type": "Bearer", "expires_in": 900}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
print("true:", ID, SECRET)
OAuth2Session(ID, SECRET).fetch_token(base + "/token", grant_type="client_credentials")
print("Authlib:", *seen.pop())
RequestsOAuth(client=BackendApplicationClient(ID)).fetch_token(base + "/token", client_secret=SECRET)
print("requests-oauthlib:", *seen.pop())
subprocess.run(["node", "token.mjs", base, ID, SECRET], check=True)
print("simple-oauth2:", *seen.pop())
server.shutdown()
PYTHON
cat >token.mjs <<'JS'
import { ClientCredentials } from 'simple-oauth2';
const [tokenHost, id, secret] = process.argv.slice(2);
await new ClientCredentials({ client: { id, secret }, auth: { tokenHost, tokenPath: '/token' } }).getToken({});
JS
seen=$(NO_PROXY=127.0.0.1 OAUTHLIB_INSECURE_TRANSPORT=1 AUTHLIB_INSECURE_TRANSPORT=1 venv/bin/python finding.py)
printf '%s\n' "$seen"
[ "$seen" = "true: urn:example:app p%2Bq+r
Authlib: urn example:app:p+q r
requests-oauthlib: urn example:app:p+q r
simple-oauth2: urn:example:app p%2Bq+r" ]
