"""A connection: a mapping of settings, as ServicePytan has it."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._errors import PenstockError
from ..servicetitan import ServiceTitan

try:
    from requests import HTTPError as _Base
except ImportError:
    _Base = Exception  # type: ignore[assignment, misc]

NAMES = (
    "SERVICETITAN_APP_KEY",
    "SERVICETITAN_TENANT_ID",
    "SERVICETITAN_CLIENT_ID",
    "SERVICETITAN_CLIENT_SECRET",
    "SERVICETITAN_APP_ID",
    "SERVICETITAN_TIMEZONE",
    "SERVICETITAN_API_ENVIRONMENT",
)

# The hosts of ServiceTitan: others are for tests.
HOSTS = {
    "production": ("https://auth.servicetitan.io", "https://api.servicetitan.io"),
    "integration": ("https://auth-integration.servicetitan.io", "https://api-integration.servicetitan.io"),
}


class Response:
    """What scripts look at of an answer that is a failure. The component does not keep the vendor's body: `json()` and
    `text` say the same in its form, the title, the fields and the trace id."""

    def __init__(self, error: PenstockError, url: str | None) -> None:
        self.status_code, self.url, self.ok = error.status, url, False
        self.reason = http.client.responses.get(error.status or 0)
        self.headers: dict[str, str] = {}
        errors: dict[str, list[str]] = {}
        for one in error.fields:
            errors.setdefault(one.field, []).append(one.message)
        self._body = {"title": error.args[0], "status": error.status, "errors": errors, "traceId": error.vendor_trace_id}

    def json(self) -> dict[str, Any]:
        """The failure, as the vendor's problem is."""
        return self._body

    @property
    def text(self) -> str:
        """The same as a text."""
        return json.dumps(self._body)

    @property
    def content(self) -> bytes:
        """The same as bytes."""
        return self.text.encode()


class HTTPError(PenstockError, _Base):
    """A failure, which is `requests.HTTPError` too where that is installed: scripts catch it."""

    def __init__(self, error: PenstockError, url: str | None = None) -> None:
        Exception.__init__(self, str(error))
        self.__dict__.update(error.__dict__)
        self.response = Response(error, url)
        self.request = None

    def __str__(self) -> str:
        return str(self.args[0])


def servicepytan_connect(
    api_environment: str = "production",
    app_key: str | None = None,
    tenant_id: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    app_id: str | None = None,
    timezone: str = "UTC",
    config_file: str | None = None,
) -> dict[str, Any]:
    """Where a script's credentials come from: arguments, a JSON file, or the environment and `.env`."""
    if api_environment not in HOSTS:
        raise ValueError(f"Unknown ApiEnvironment: {api_environment}")
    given = (app_key, tenant_id, client_id, client_secret, app_id, timezone, api_environment)
    conn: dict[str, Any] = dict(zip(NAMES, given, strict=True))
    if config_file:
        kept = json.loads(Path(config_file).read_text(encoding="utf-8"))
        conn |= {name: kept[name] for name in NAMES if kept.get(name)}
    elif not (app_key and tenant_id and client_id and client_secret):
        known = _dotenv() | os.environ
        conn |= {name: known[name] for name in NAMES if known.get(name)}
    if conn["SERVICETITAN_API_ENVIRONMENT"] not in HOSTS:
        raise ValueError(f"Unknown ApiEnvironment: {conn['SERVICETITAN_API_ENVIRONMENT']}")
    conn["auth_root"], conn["api_root"] = HOSTS[conn["SERVICETITAN_API_ENVIRONMENT"]]
    return conn


def _dotenv() -> dict[str, str]:
    file = Path(".env")
    if not file.is_file():
        return {}
    lines = (line.strip().removeprefix("export ") for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


_clients: dict[tuple[tuple[str, str], ...], ServiceTitan] = {}


def client(conn: Mapping[str, Any] | None = None) -> ServiceTitan:
    """The client of a connection: one for all that are alike, with one token."""
    settings = {str(name): str(value) for name, value in (conn or servicepytan_connect()).items() if value}
    key = tuple(sorted(settings.items()))
    if key not in _clients:
        hosts = HOSTS.get(settings.get("SERVICETITAN_API_ENVIRONMENT", "production"), ("", ""))
        for name, root, usual in zip(("AUTH", "API"), ("auth_root", "api_root"), hosts, strict=True):
            if settings.get(root, usual) != usual:
                settings[f"SERVICETITAN_{name}_URL"] = settings[root]
        # ServicePytan knows no roles: whoever has the credentials may write.
        settings.setdefault("PENSTOCK_ROLE", "admin")
        _clients[key] = ServiceTitan(lambda name: settings.get(name) or os.environ.get(name))
    return _clients[key]


@contextmanager
def raised_as_before(conn: Mapping[str, Any] | None, path: str) -> Iterator[None]:
    """Failures as scripts know them, of what was asked for at a path."""
    try:
        yield
    except HTTPError:
        raise
    except PenstockError as error:
        known = conn or servicepytan_connect()
        place = path.replace("/tenant/-", f"/tenant/{known.get('SERVICETITAN_TENANT_ID')}", 1)
        raise HTTPError(error, f"{known.get('api_root') or ''}{place}") from error
