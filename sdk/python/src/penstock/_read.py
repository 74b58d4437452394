"""A read that goes on in an instance of the component."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from ._calls import Call
from ._component import Instance, Pool
from ._pages import ListEnd, made
from ._progress import Bar
from ._threads import Workers, apart, check, forked

T = TypeVar("T")

# What crosses the border in one go, as texts that are parsed together.
MOST = 1000

Part = tuple[list[T], str | None]
"""Records, and where the read stands behind them if that is known: after the last one of a page."""


class Read(Generic[T]):
    """A read that goes on in an instance of the component, once. Its functions block. While the records of one call are
    made, the next call runs in a thread: the component needs no Python to run."""

    def __init__(self, pool: Pool, call: Call, arguments: tuple[Any, ...], read: Callable[[Any], T], bar: Bar | None) -> None:
        self._pool, self._call, self._arguments, self._bar = pool, call, arguments, bar
        self._decode = lenient(read) if call.raw else read
        self._started: tuple[Instance, Any] | None = None
        self._thread: Workers | None = None
        self._ahead: Future[list[Any] | None] | None = None
        self._last: ListEnd | None = None
        self._closed, self._dropping = False, threading.Lock()
        # Known to whoever has been given everything.
        self.end: ListEnd | None = None

    def next(self) -> list[Part[T]] | None:
        """The next records; None after the last one."""
        check()
        if self.end is not None:
            return None
        if self._closed:
            raise RuntimeError("the read was closed: list(..., resume=listing.resume) goes on")
        if self._started is None:
            self._call.begin()
        try:
            items = apart(self.close, self._items) if self._ahead is None else self._ahead.result()
        except BaseException:
            self.close()
            raise
        if items is None:
            self.end = self._last
            self.close()
            return None
        if self._thread is None:
            self._thread = Workers()
        self._ahead = self._thread.submit(self._items)
        return self._parts(items)

    def _items(self) -> list[Any] | None:
        started = self._started
        with self._pool.any(self._call) if started is None else self._pool.this(started[0], self._call) as instance:
            if started is None:
                reader = instance.call("operations", "list-with-positions", *self._arguments, self._call.record())
                started = self._started = instance, reader
            items: list[Any] | None = instance.call("operations", "[method]list-item-reader.next", started[1], MOST)
            if items is None:
                self._last = made(ListEnd, instance.call("operations", "[method]list-item-reader.end", started[1]))
        if self._closed:
            self._drop()
        return items

    def _parts(self, items: list[Any]) -> list[Part[T]]:
        texts = [item for item in items if isinstance(item, str)]
        decode = self._decode
        records = [decode(one) for one in json.loads(f"[{','.join(texts)}]")]
        parts: list[Part[T]] = []
        begin = end = 0
        total = None
        for item in items:
            if isinstance(item, str):
                end += 1
            else:
                parts.append((records[begin:end], item.resume))
                self._call.resume = item.resume
                begin, total = end, item.total
        if begin < end:
            parts.append((records[begin:end], None))
        if self._bar is not None:
            self._bar.moved(len(records), total)
        return parts

    def close(self) -> None:
        """Ends the read: what is left of it is cancelled, behind a call that is under way, which nobody waits for."""
        self._closed = True
        self._call.leave()
        if self._bar is not None:
            self._bar.close()
        if forked():
            return
        thread, self._thread, self._ahead = self._thread or Workers(), None, None
        if self._started is not None:
            thread.submit(self._drop)
        thread.end()

    def _drop(self) -> None:
        with self._dropping:
            started, self._started = self._started, None
        if started is None:
            return
        with self._pool.this(started[0]) as instance:
            if not instance.broken:
                started[1].drop(instance.store)


def lenient(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """Reads what fits of a record that is marked as one that does not."""

    def fits(whole: dict[str, Any], name: str) -> bool:
        try:
            read({"id": whole.get("id"), name: whole[name]})
        except Exception:  # noqa: BLE001 - whatever it is, the value does not fit
            return False
        return True

    def some(record: Any) -> T:
        misfit = record.get("$misfit") if isinstance(record, dict) else None
        if misfit is None:
            return read(record)
        wrong = misfit["path"].removeprefix("$.").partition(".")[0].partition("[")[0]
        return read({name: value for name, value in record.items() if name != wrong and fits(record, name)})

    return some
