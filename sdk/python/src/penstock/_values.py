"""Values between JSON and Python."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final


class Unset(Enum):
    """The type of :data:`UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
"""A field that is not sent, where None is sent as null: a change that leaves it as it is."""

new: Callable[[type[Any]], Any] = object.__new__
instant = datetime.datetime.fromisoformat
date = datetime.date.fromisoformat
decimal = Decimal

# The fields of each data class: its name and the vendor's.
_FIELDS: dict[type[Any], tuple[tuple[str, str], ...]] = {}


def register(record: type[Any], fields: tuple[tuple[str, str], ...]) -> None:
    """Says how the vendor spells the fields of a data class."""
    _FIELDS[record] = fields


def fields(record: type[Any]) -> tuple[tuple[str, str], ...]:
    """The fields of a data class: its name and the vendor's."""
    return _FIELDS[record]


def same(value: Any) -> Any:
    """What needs no conversion."""
    return value


def nothing(_value: Any) -> None:
    """Where no answer is expected."""


def time_text(time: datetime.datetime) -> str:
    """RFC 3339 in UTC. A time without an offset is refused: it could be any of many."""
    if time.utcoffset() is None:
        raise ValueError(f"{time!r} has no time zone")
    return time.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def encoded(value: Any) -> Any:
    """A value as JSON is made of it. Fields that are None are left out, and so are those that are UNSET."""
    if isinstance(value, datetime.datetime):
        return time_text(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: encoded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    return value


def _record(record: Any) -> dict[str, Any]:
    sent = {}
    defaults = {field.name: field.default for field in dataclasses.fields(record)}
    for name, wire in _FIELDS[type(record)]:
        value = getattr(record, name)
        if value is UNSET or (value is None and defaults[name] is not UNSET) or (value == () and defaults[name] == ()):
            continue
        sent[wire] = encoded(value)
    further: dict[str, Any] = encoded(getattr(record, "extra", {}))
    return sent | further


def body_text(body: Any) -> str | None:
    """A body as JSON, or none."""
    return None if body is None else json.dumps(encoded(body), ensure_ascii=False, separators=(",", ":"))


def parameters(given: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Parameters as the component takes them: texts, a list as its name again and again."""
    pairs = []
    for name, value in given:
        for one in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
            if one is not None:
                pairs.append((name, _text(one)))
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(encoded(value))
