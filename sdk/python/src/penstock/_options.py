"""How a call is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from wasmtime.component import Record

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


def record(options: CallOptions | None, resume: str | None = None) -> Record:
    """Options as the component takes them."""
    given = options or _DEFAULT
    made = Record()
    made.__dict__.update(
        {
            "account": given.account,
            "deadline-ms": given.deadline_ms,
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
