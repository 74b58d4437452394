"""Events that a vendor sends by itself."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ._errors import misfit

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
"""Header fields of a request, as a mapping or as pairs."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing that something happened to."""

    name: str
    """What it is, in the vendor's word: `job`."""
    id: str
    """Its id."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as a delivery tells it, which is proved to be the vendor's."""

    id: str
    """What it is known by, however often it is delivered."""
    name: str
    """The vendor's own word, `tn.jpm.job-completed`."""
    what: str | None
    """What happened, in the contract's word, `job-completed`; None if the contract does not know it yet."""
    subjects: list[Subject]
    """ServiceTitan: what it happened to, the main thing first."""
    details: dict[str, Any]
    """Asleep: `user_id`, `session_id` and, of a part of a session, `seq_num` and `inference_seq_num`."""
    time: datetime.datetime | None
    """When, if the vendor says."""
    account: str
    """The account that it is for."""
    tenant: str | None
    """The vendor's tenant, if the event names one. It is that of the account."""
    delivery_id: str | None
    """The vendor's id of this delivery, if it has one."""
    trust: Literal["signed", "key", "hint"]
    """How far it can be trusted."""
    data: Any
    """All that the vendor tells of it; or, if `reread`, what it answered."""
    reread: bool
    """Whether what the event is about was read again from the vendor, since the delivery was only a hint."""


def delivery(headers: Headers, body: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """A delivery as the component takes it."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    wrong = []
    if not all(isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs):
        wrong.append(("headers", "must be texts by name, or pairs of texts"))
    if not isinstance(body, (bytes, bytearray, memoryview)):
        wrong.append(("body", "must be the bytes of the request, exactly as they came"))
    if wrong:
        raise misfit(wrong)
    return pairs, bytes(body)


def event(record: Any) -> Event:
    """An event of what the component gives."""
    what: str | None = None
    subjects: list[Subject] = []
    details: dict[str, Any] = {}
    happening, told = record.happening.tag, record.happening.payload
    if happening == "servicetitan":
        what = None if told.event.tag == "other" else told.event.tag
        subjects = [Subject(one.name, one.id) for one in told.subjects]
    elif happening != "unknown":
        what, details = happening, {name.replace("-", "_"): value for name, value in vars(told).items()}
    time = None
    if record.time is not None:
        time = datetime.datetime.fromtimestamp(record.time.seconds, datetime.timezone.utc)
        time += datetime.timedelta(microseconds=record.time.nanoseconds // 1000)
    return Event(
        id=record.id, name=record.name, what=what, subjects=subjects, details=details, time=time, account=record.account,
        tenant=record.tenant, delivery_id=getattr(record, "delivery-id"), trust=record.trust, data=json.loads(record.data),
        reread=record.reread,
    )  # fmt: skip
