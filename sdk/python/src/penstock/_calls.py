"""A call: how it is made, how much time it has left, and whether anybody waits for it."""

from __future__ import annotations

import time

from wasmtime.component import Record

from ._errors import local
from ._options import CallOptions, checked, record


class Left(BaseException):
    """Nobody waits for the call any more, and nothing of it was sent. Nobody sees it."""


class Call:
    """A call, from when it is asked for: its deadline counts what it waits for an instance as well."""

    def __init__(self, options: CallOptions | None, operation: str, resume: str | None = None) -> None:
        self.options, self.operation, self.resume = checked(options, operation, resume), operation, resume
        self._left = False
        self.begin()

    @property
    def raw(self) -> bool:
        """Whether records that do not fit are wanted as far as they can be had."""
        return self.options.on_misfit == "raw"

    def begin(self) -> None:
        """Its time begins now: that of a list when it is first read."""
        deadline = self.options.deadline_ms
        self._until = None if deadline is None else time.monotonic() + deadline / 1000

    def leave(self) -> None:
        """Nobody waits for it any more: if it has not begun, it never does."""
        self._left = True

    def patience(self) -> float | None:
        """How many seconds are left to wait for an instance. Raises if none are, or nobody waits for it."""
        if self._left:
            raise Left
        if self._until is None:
            return None
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            message = "the deadline passed while the call waited for others: `instances` says how many run at once"
            raise local("timeout", message, operation=self.operation, retry="later", resume=self.resume)
        return seconds

    def record(self) -> Record:
        """Options as the component takes them, with the time that is left."""
        seconds = self.patience()
        return record(self.options, self.resume, None if seconds is None else max(1, round(seconds * 1000)))

