"""What is known of an answer besides its value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that does not fit the contract."""

    id: str | None
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerInfo:
    """What is known of an answer besides its value."""

    call_id: str
    """Our id of the call; the log lines carry it."""
    status: int
    """The HTTP status that the vendor gave it with; 0 for a fallback."""
    source: Literal["vendor", "cache", "fallback"]
    """Where it came from."""
    age_ms: int
    """How long ago the vendor gave it, in milliseconds."""
    degraded: bool
    """Whether it is a substitute, since the vendor could not be asked."""
    misfits: int
    """Records in it that do not fit the contract."""
    first_misfits: list[Misfit]
    """The first 100 of them."""


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands in its list."""

    page: int
    """Page number from 1; 0 for an export."""
    page_size: int
    """How many records were asked for; 0 for an export."""
    has_more: bool
    """Whether the vendor says that more follow."""
    total_count: int | None
    """Records in the whole list, if it was asked for."""
    continue_from: str | None
    """The vendor's own continuation text (exports only)."""
    resume: str
    """Reads on after this page, also in another process."""
    drifted: bool
    """True on the last page when the list shifted while it was read page by page."""
    answer: AnswerInfo
    """Where the page came from."""


@dataclass(frozen=True, slots=True)
class ListEnd:
    """How a read of a list ended well."""

    items: int
    """Records delivered."""
    pages: int
    """Pages that they came from."""
    suppressed: int
    """Records that the vendor sent again because its pages shifted. They were dropped."""
    drifted: bool
    """Whether the list changed under the read in a way that may have hidden records from it."""
    complete: bool
    """False when the reader stopped before the end."""
    misfits: int
    """Records that do not fit the contract."""
    first_misfits: list[Misfit]
    """The first 100 of them."""
    resume: str
    """Reads on after the last delivered record. For an export this is where the next run begins."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    items: list[T]
    """Its records."""
    info: PageInfo
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in normal form: times are RFC 3339 in UTC, decimals are texts of exact digits."""

    body: Any
    """The parsed JSON; None when the vendor sent none."""
    page: PageInfo | None
    """Where the page stands, when the operation is a list."""
    info: AnswerInfo
    """Where it came from."""


_INNER: dict[str, type[Any]] = {"answer": AnswerInfo}


def made(cls: type[T], record: Any) -> T:
    """A data class of what the component gave."""
    values = {}
    for field in fields(cls):  # type: ignore[arg-type]
        value = getattr(record, field.name.replace("_", "-"))
        if field.name == "first_misfits":
            value = [Misfit(one.id, one.path, one.reason) for one in value]
        elif field.name in _INNER:
            value = made(_INNER[field.name], value)
        values[field.name] = value
    return cls(**values)
