"""Secret managers to take credentials from: each is started, told a secret, changed, and taken away for a while."""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import ssl
import threading
import time
import urllib.parse
import urllib.request
import uuid

from processes import free_port, get, until

SECRET = "SERVICETITAN_CLIENT_SECRET"


class Process:
    """A manager that is a program: while it is stopped, it accepts connections and answers nothing."""

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def take_away(self):
        self.signal(signal.SIGSTOP)

    def bring_back(self):
        self.signal(signal.SIGCONT)


class OpenBao(Process):
    """OpenBao over TLS with an authority of its own; the client logs in by AppRole."""

    name = "Vault"

    def __init__(self, programs, tools):
        self.port = free_port()
        folder = programs.folder / "bao"
        folder.mkdir()
        self.url = f"https://127.0.0.1:{self.port}"
        self.process = programs.start(
            [tools / "bao", "server", "-dev", "-dev-tls", "-dev-root-token-id=root", f"-dev-tls-cert-dir={folder}",
             f"-dev-listen-address=127.0.0.1:{self.port}"], start_new_session=True)
        authority = folder / "vault-ca.pem"
        until("OpenBao", authority.exists)
        self.context = ssl.create_default_context(cafile=authority)
        until("OpenBao", lambda: self.ask("GET", "sys/health"))
        self.ask("POST", "sys/auth/approle", {"type": "approle"})
        self.ask("PUT", "sys/policies/acl/penstock", {"policy": 'path "secret/data/penstock" { capabilities = ["read"] }'})
        # Shorter than the test: it logs in again.
        self.ask("POST", "auth/approle/role/penstock", {"token_policies": "penstock", "token_ttl": "5s"})
        role = self.ask("GET", "auth/approle/role/penstock/role-id")["data"]["role_id"]
        secret = self.ask("POST", "auth/approle/role/penstock/secret-id", {})["data"]["secret_id"]
        self.environment = {
            "VAULT_ADDR": self.url, "VAULT_CACERT": str(authority), "PENSTOCK_VAULT_SECRET": "penstock",
            "PENSTOCK_VAULT_ROLE_ID": role, "PENSTOCK_VAULT_SECRET_ID": secret}

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.url}/v1/{path}", method=method, headers={"X-Vault-Token": "root"},
            data=json.dumps(body).encode() if body is not None else None)
        try:
            with urllib.request.urlopen(request, timeout=10, context=self.context) as answer:
                return json.loads(answer.read() or "true")
        except ConnectionError:
            return None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionError):
                return None
            raise

    def rotate(self, value):
        self.ask("POST", "secret/data/penstock", {"data": {SECRET: value}})


class Moto(Process):
    """AWS Secrets Manager as moto has it, which checks signatures."""

    name = "AWS Secrets Manager"
    region = "eu-central-1"

    def __init__(self, programs, tools):
        import boto3
        from botocore.config import Config

        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        # What makes the user that the rest is done as.
        unsigned = 4
        environment = dict(os.environ, INITIAL_NO_AUTH_ACTION_COUNT=str(unsigned))
        self.process = programs.start(
            [tools / "moto_server", "-H", "127.0.0.1", "-p", str(port)], start_new_session=True, env=environment)
        until("moto", lambda: get(f"{self.url}/moto-api/data.json")[0] == 200)

        def client(service, key, secret):
            return boto3.client(
                service, region_name=self.region, endpoint_url=self.url, aws_access_key_id=key,
                aws_secret_access_key=secret, config=Config(retries={"max_attempts": 1}))

        iam = client("iam", "none", "none")
        iam.create_user(UserName="penstock")
        key = iam.create_access_key(UserName="penstock")["AccessKey"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}
        iam.put_user_policy(UserName="penstock", PolicyName="p", PolicyDocument=json.dumps(policy))
        iam.list_users()
        self.manager = client("secretsmanager", key["AccessKeyId"], key["SecretAccessKey"])
        self.made = False
        self.environment = {
            "AWS_REGION": self.region, "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"], "PENSTOCK_AWS_SECRET": "penstock/gateway"}

    def rotate(self, value):
        text = json.dumps({SECRET: value})
        if self.made:
            self.manager.put_secret_value(SecretId="penstock/gateway", SecretString=text)
        else:
            self.manager.create_secret(Name="penstock/gateway", SecretString=text)
            self.made = True


class KeyVault:
    """A key vault and an authority, as they were seen: challenge, token, versions in pages."""

    name = "Azure Key Vault"

    def __init__(self, programs, _):
        certificate, key = self_signed(programs.folder)
        self.versions, self.tokens, self.is_away = [], set(), False
        self.counts = {"challenged": 0, "tokens": 0}
        vault = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                status, headers, document = vault.answer(self.command, self.path, self.headers, body)
                text = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{server.server_address[1]}"
        self.environment = {
            "PENSTOCK_AZURE_VAULT": self.url, "SSL_CERT_FILE": str(certificate), "AZURE_AUTHORITY_HOST": self.url,
            "AZURE_TENANT_ID": "t-1", "AZURE_CLIENT_ID": "c-1", "AZURE_CLIENT_SECRET": "of-the-client"}

    def answer(self, method, path, headers, body):
        if self.is_away:
            return 503, {}, {"error": {"code": "ServiceUnavailable"}}
        url = urllib.parse.urlparse(path)
        if method == "POST":
            form = dict(urllib.parse.parse_qsl(body))
            wanted = {"grant_type": "client_credentials", "client_id": "c-1", "client_secret": "of-the-client",
                      "scope": "https://localhost/.default"}
            if url.path != "/t-1/oauth2/v2.0/token" or form != wanted:
                return 400, {}, {"error": "invalid_client"}
            token = uuid.uuid4().hex
            self.tokens.add(token)
            self.counts["tokens"] += 1
            return 200, {}, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            self.counts["challenged"] += 1
            told = f'Bearer authorization="{self.url}/t-1", resource="https://localhost"'
            return 401, {"www-authenticate": told}, {"error": {"code": "Unauthorized"}}
        assert urllib.parse.parse_qs(url.query)["api-version"] == ["2026-04-01"], path
        return self.secret(url.path.strip("/").split("/"), urllib.parse.parse_qs(url.query))

    def secret(self, segments, query):
        if segments[:2] != ["secrets", SECRET.replace("_", "-")] or not self.versions:
            return 404, {}, {"error": {"code": "SecretNotFound"}}
        if segments[2:] == ["versions"]:
            # One a page, and the oldest first: no order is promised.
            at = int(query.get("at", ["0"])[0])
            page = [self.document(version, False) for version in self.versions[at:at + 1]]
            more = at + 1 < len(self.versions)
            base = f"{self.url}/{'/'.join(segments)}"
            return 200, {}, {"value": page, "nextLink": f"{base}?api-version=2026-04-01&at={at + 1}" if more else None}
        wanted = segments[2] if len(segments) > 2 else self.versions[-1][0]
        found = [version for version in self.versions if version[0] == wanted]
        return (200, {}, self.document(found[0], True)) if found else (404, {}, {"error": {"code": "SecretNotFound"}})

    def document(self, version, whole):
        name, value, created = version
        document = {"id": f"{self.url}/secrets/{SECRET.replace('_', '-')}/{name}",
                    "attributes": {"enabled": True, "created": created, "updated": created}}
        return {**document, "value": value} if whole else document

    def rotate(self, value):
        # Seconds are all that it tells.
        created = max(int(time.time()), self.versions[-1][2] + 1 if self.versions else 0)
        self.versions.append((uuid.uuid4().hex, value, created))

    def take_away(self):
        self.is_away = True

    def bring_back(self):
        self.is_away = False
        # A token that is not known any more: it is challenged again.
        self.tokens.clear()


class Mounted:
    """A Secret of Kubernetes, mounted: its files change all at once, by a link."""

    name = None

    def __init__(self, programs, _):
        self.folder = programs.folder / "mounted"
        self.folder.mkdir()
        self.values = {SECRET: "", f"{SECRET}_SECONDARY": ""}
        self.environment = {f"{name}_FILE": str(self.folder / name) for name in self.values}
        for name in self.values:
            (self.folder / name).symlink_to(pathlib.Path("..data") / name)

    def rotate(self, value):
        self.values = {SECRET: value, f"{SECRET}_SECONDARY": self.values[SECRET]}
        version = self.folder / f"..{uuid.uuid4().hex}"
        version.mkdir()
        for name, text in self.values.items():
            (version / name).write_text(text)
        link = self.folder / "..data_tmp"
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(version.name)
        os.replace(link, self.folder / "..data")


def self_signed(folder):
    """A certificate for localhost, and its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256()))
    files = folder / "localhost.pem", folder / "localhost.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files
