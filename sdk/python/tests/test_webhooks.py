"""Deliveries of webhooks: who sent them, and what they tell."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import hmac
import json
from typing import Any

import pytest

from penstock import Asleep, AsyncServiceTitan, Event, PenstockError, ServiceTitan, Subject

SECRET = "a secret of webhooks"
SETTINGS = {f"SERVICETITAN_{name}": "x" for name in ("CLIENT_ID", "CLIENT_SECRET", "APP_KEY")} | {"SERVICETITAN_TENANT_ID": "1000001", "SERVICETITAN_WEBHOOK_SECRET": SECRET}
BODY = json.dumps(
    {
        "specversion": "1.0",
        "id": "d-1",
        "userassignedid": "e-1",
        "type": "tn.jpm.job-completed",
        "time": "2026-11-20T10:00:00.5Z",
        "data": {"tenantId": 1000001, "job": {"id": 4711}},
    }
).encode()


def signed(body: bytes) -> dict[str, str]:
    return {"Content-Type": "application/json", "X-ServiceTitan-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def right(event: Event) -> None:
    assert (event.id, event.name, event.what, event.trust, event.tenant) == ("e-1", "tn.jpm.job-completed", "job-completed", "signed", "1000001")
    assert event.subjects[0] == Subject("job", "4711") and not event.reread
    assert event.time == datetime.datetime(2026, 11, 20, 10, 0, 0, 500_000, datetime.timezone.utc)
    assert event.data == json.loads(BODY) or event.data == json.loads(BODY)["data"]


def test_a_delivery_that_is_signed_is_read() -> None:
    titan = ServiceTitan(SETTINGS)
    right(titan.verify_and_parse(signed(BODY), BODY))
    right(titan.verify_and_parse(list(signed(BODY).items()), bytearray(BODY)))
    other = BODY.replace(b"job-completed", b"moon-landed")
    event = titan.verify_and_parse(signed(other), other)
    assert (event.what, event.name) == (None, "tn.jpm.moon-landed")

    async def main() -> None:
        async with AsyncServiceTitan(SETTINGS) as titan:
            right(await titan.verify_and_parse(signed(BODY), BODY))

    asyncio.run(main())


@pytest.mark.parametrize(("headers", "body"), [(signed(BODY), BODY + b" "), ({}, BODY), ({"x-servicetitan-signature": "0" * 64}, BODY)])
def test_one_that_is_not_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(PenstockError) as raised:
        ServiceTitan(SETTINGS).verify_and_parse(headers, body)
    assert raised.value.kind == "authentication" and SECRET not in str(raised.value)


def test_what_is_no_delivery_is_named() -> None:
    anything: Any = ServiceTitan(SETTINGS)
    for headers, body, field in (({}, "text", "body"), ({"a": 1}, b"", "headers"), (["ab"], b"", "headers")):
        with pytest.raises(PenstockError) as raised:
            anything.verify_and_parse(headers, body)
        assert raised.value.kind == "bad-input" and [one.field for one in raised.value.fields] == [field]


def test_asleep_tells_of_sessions() -> None:
    body = json.dumps({"event": "SESSION_COMPLETE", "version": "V3", "user_id": "u1", "session_id": "s1", "stat": {}}).encode()
    sleep = Asleep({"ASLEEP_API_KEY": "a key of Asleep"})
    event = sleep.verify_and_parse({"x-api-key": "a key of Asleep"}, body)
    assert (event.what, event.details["session_id"], event.trust) == ("session-complete", "s1", "key")
