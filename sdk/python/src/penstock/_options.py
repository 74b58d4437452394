"""How a call is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from wasmtime.component import Record

from ._errors import misfit
from ._values import body_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """How one call is made. Every field may be left at its default."""

    account: str | None = None
    """Whose credentials to use. The default account if absent."""
    deadline_ms: int | None = None
    """All the time that this call may take, in milliseconds, waits included."""
    correlation_id: str | None = None
    """Ties this call to the caller's own logs. Printable ASCII, at most 128."""
    fresh: bool = False
    """Bypass the cache: ask the vendor."""
    accept_stale: bool = False
    """A stale answer from the cache is better than none while the vendor is down."""
    fallback: Any = None
    """The value to answer with while the vendor is down, in the form of the answer's JSON. Only for reads with one
    answer."""
    allow_resend: bool = False
    """This write may safely be applied twice, so it may be sent again when its outcome is unknown."""
    page_size: int | None = None
    """Records a page of a list."""
    window: int | None = None
    """How many pages a list may prefetch, 1 to 32. Naming it says that the list is long."""
    on_misfit: Literal["fail", "skip", "raw"] | None = None
    """What becomes of a record that does not fit the contract: the call fails, it is left out, or it is given as far
    as it can be."""


_DEFAULT = CallOptions()

# What each option must be, and whether it is: what comes over the border otherwise ends the component, or says
# something else than was meant.
_TEXT = ("must be a text", lambda value: isinstance(value, str))
_FLAG = ("must be True or False", lambda value: isinstance(value, bool))


def _whole(least: int, most: int) -> tuple[str, Any]:
    return f"must be a whole number from {least}", lambda value: type(value) is int and least <= value <= most


_RULES: dict[str, tuple[str, Any]] = {
    "account": _TEXT,
    "deadline_ms": _whole(0, 2**63),
    "correlation_id": _TEXT,
    "fresh": _FLAG,
    "accept_stale": _FLAG,
    "allow_resend": _FLAG,
    "page_size": _whole(1, 2**32 - 1),
    "window": _whole(1, 2**32 - 1),
    "on_misfit": ("must be 'fail', 'skip' or 'raw'", lambda value: value in ("fail", "skip", "raw")),
    "resume": _TEXT,
    "operation": _TEXT,
}
_FLAGS = {name for name, rule in _RULES.items() if rule is _FLAG}


def wrong(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Which of these are of no use, and what they must be."""
    known = ((name, value) for name, value in given.items() if value is not None or name in _FLAGS)
    return [(name, _RULES[name][0]) for name, value in known if not _RULES[name][1](value)]


def checked(options: CallOptions | None, operation: str | None, resume: str | None = None) -> CallOptions:
    """Options, all of which can be used."""
    given = _DEFAULT if options is None else options
    if not isinstance(given, CallOptions):
        raise misfit([("options", "must be CallOptions(...)")], operation if isinstance(operation, str) else None)
    values = {name: getattr(given, name) for name in _RULES.keys() - {"resume", "operation"}}
    found = wrong({"operation": operation, **values, "resume": resume})
    if found:
        raise misfit(found, operation if isinstance(operation, str) else None)
    return given


def record(given: CallOptions, resume: str | None, deadline_ms: int | None) -> Record:
    """Options as the component takes them."""
    made = Record()
    made.__dict__.update(
        {
            "account": given.account,
            "deadline-ms": deadline_ms,
            "resume": resume,
            "correlation-id": given.correlation_id,
            "fresh": given.fresh,
            "accept-stale": given.accept_stale,
            "fallback": body_text(given.fallback),
            "allow-resend": given.allow_resend,
            "page-size": given.page_size,
            "window": given.window,
            "on-misfit": given.on_misfit,
        }
    )
    return made
