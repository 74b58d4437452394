"""Typed calls to a vendor's API: `ServiceTitan` and `Asleep`, and `AsyncServiceTitan` and `AsyncAsleep` for asyncio."""

from ._errors import Attempt, ComponentError, FieldError, PenstockError, RetryAdvice
from ._files import AsyncDownload, Download, Source
from ._listing import AsyncListing, Listing
from ._options import CallOptions
from ._pages import Answer, AnswerInfo, ListEnd, Misfit, Page, PageInfo
from ._settings import Settings
from ._state import MemoryState
from ._values import UNSET, Unset
from ._webhooks import Event, Subject
from .asleep import Asleep, AsyncAsleep
from .servicetitan import AsyncServiceTitan, ServiceTitan

__all__ = [
    "UNSET",
    "Answer",
    "AnswerInfo",
    "Asleep",
    "AsyncAsleep",
    "AsyncDownload",
    "AsyncListing",
    "AsyncServiceTitan",
    "Attempt",
    "CallOptions",
    "ComponentError",
    "Download",
    "Event",
    "FieldError",
    "ListEnd",
    "Listing",
    "MemoryState",
    "Misfit",
    "Page",
    "PageInfo",
    "PenstockError",
    "RetryAdvice",
    "ServiceTitan",
    "Settings",
    "Source",
    "Subject",
    "Unset",
]
