"""What went wrong."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

Kind = Literal[
    "configuration", "bad-input", "role", "authentication", "permission", "not-found", "conflict", "rejected",
    "rate-limited", "vendor", "unavailable", "transport", "timeout", "decode", "too-large", "paging", "host", "internal",
]  # fmt: skip
Outcome = Literal["not-sent", "not-applied", "applied", "unknown"]


@dataclass(frozen=True, slots=True)
class RetryAdvice:
    """Whether repeating the call makes sense: `never`, `now`, `after` some time, or `later`."""

    when: Literal["never", "now", "after", "later"]
    after_ms: int | None = None
    """Milliseconds to wait, with `after`."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with an input, a setting or an answer."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at sending the request."""

    number: int
    started: datetime.datetime
    elapsed_ms: int
    status: int | None
    reason: str


class PenstockError(Exception):
    """Everything that can go wrong with a call, in one shape."""

    kind: Kind
    """What went wrong, to switch on."""
    outcome: Outcome
    """Whether the call changed anything at the vendor's. `unknown`: look before you repeat it."""
    retry: RetryAdvice
    """Whether and when to repeat it."""
    operation: str | None
    """The operation's name, `jpm.jobs-get`."""
    status: int | None
    """The last HTTP status, if any."""
    vendor_trace_id: str | None
    """The vendor's own id of the request, for their support."""
    call_id: str
    """Our id of the call; the log lines carry it."""
    fields: list[FieldError]
    """What is wrong, item by item."""
    attempts: list[Attempt]
    """What was tried."""
    resume: str | None
    """For reads: goes on behind the last record that was given, also in another process."""

    def __init__(self, failure: Any) -> None:
        super().__init__(failure.message)
        self.kind, self.outcome = failure.kind, failure.outcome
        self.operation, self.status, self.resume = failure.operation, failure.status, failure.resume
        self.vendor_trace_id = getattr(failure, "vendor-trace-id")
        self.call_id = getattr(failure, "call-id")
        retry = failure.retry
        self.retry = RetryAdvice(retry.tag, retry.payload)
        self.fields = [FieldError(one.field, one.message) for one in failure.fields]
        self.attempts = [_attempt(one) for one in failure.attempts]

    def __str__(self) -> str:
        said = [super().__str__(), *(f"  {one.field}: {one.message}" for one in self.fields)]
        return "\n".join(said)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, self.__dict__)


def _again(cls: type[PenstockError], args: tuple[Any, ...], known: dict[str, Any]) -> PenstockError:
    """An error that was copied, or came from another process."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(known)
    return error


def local(
    kind: Kind,
    message: str,
    wrong: Iterable[tuple[str, str]] = (),
    *,
    operation: str | None = None,
    outcome: Outcome = "not-sent",
    retry: Literal["never", "later"] = "never",
    resume: str | None = None,
) -> PenstockError:
    """What is found out before the component is asked, or without it."""
    fields = [SimpleNamespace(field=field, message=said) for field, said in wrong]
    known = {"kind": kind, "message": message, "outcome": outcome, "operation": operation, "resume": resume, "fields": fields}
    unknown = {"status": None, "vendor-trace-id": None, "call-id": "", "attempts": []}
    return PenstockError(SimpleNamespace(**known, **unknown, retry=SimpleNamespace(tag=retry, payload=None)))


def misfit(wrong: list[tuple[str, str]], operation: str | None = None) -> PenstockError:
    """Arguments that are of no use: the name of each, and what it must be."""
    said = ", ".join(f"{field} {message}" for field, message in wrong)
    return local("bad-input", f"the input does not fit: {said}", wrong, operation=operation)


def _attempt(one: Any) -> Attempt:
    started = datetime.datetime.fromtimestamp(one.started.seconds, datetime.timezone.utc)
    started += datetime.timedelta(microseconds=one.started.nanoseconds // 1000)
    return Attempt(one.number, started, getattr(one, "elapsed-ms"), one.status, one.reason)


class ComponentError(Exception):
    """The component ended under a call: a defect of Penstock, or no memory. If the call was a write, what became of
    it is not known. The next call has a new instance."""
