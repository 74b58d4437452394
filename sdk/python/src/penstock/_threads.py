"""Threads that calls run in, and how they end with the process.

A call never runs in the main thread. There Ctrl-C raises wherever Python happens to be, also in a function that the
component calls, which no exception may leave: the process dies of it. The main thread only waits, which Ctrl-C ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from ._errors import local

T = TypeVar("T")
P = ParamSpec("P")

# How long the end of the process waits for functions of the caller's that the component is calling just now, in seconds.
PATIENCE = 1.0


class _Process:
    """What is known of this process."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        # How many functions of Python the component is calling just now.
        self.inside = 0
        self.over = False
        # Whether the engine has made its threads, which a child does not have.
        self.begun = False
        self.forked = False
        self.stops: list[Callable[[], object]] = []

    def end(self) -> None:
        """Has the component come back no more: Python ends, and whoever came into it would be torn out of the engine."""
        if self.forked:
            return
        with self.changed:
            self.over = True
            for stop in self.stops:
                stop()
            self.changed.wait_for(lambda: self.inside == 0, PATIENCE)

    def fork(self) -> None:
        """In a child that was forked."""
        self.forked = self.forked or self.begun
        self.changed, self.inside = threading.Condition(), 0


_process = _Process()
atexit.register(_process.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.fork)


def begin() -> None:
    """Says that the engine makes its threads now."""
    _process.begun = True


def at_end(stop: Callable[[], object]) -> None:
    """Says what has the component come back no more."""
    _process.stops.append(stop)


def forked() -> bool:
    """Whether this process is a child of one that had made calls: the engine's threads are not in it."""
    return _process.forked


def check() -> None:
    """Raises in a child that was forked by a process that had made calls: there a call would wait for ever."""
    if _process.forked:
        message = (
            "this process was forked by one that had made calls, and the threads that make them are not in it: start it"
            " with multiprocessing's `spawn` or `forkserver`, or fork before the first call"
        )
        raise local("host", message)


def called(function: Callable[P, T]) -> Callable[P, T]:
    """A function that the component calls."""

    def inside(*arguments: P.args, **named: P.kwargs) -> T:
        with _process.changed:
            if _process.over:
                _never()
            _process.inside += 1
        try:
            return function(*arguments, **named)
        finally:
            with _process.changed:
                _process.inside -= 1
                _process.changed.notify_all()

    return inside


def _never() -> None:
    """Waits for the end of the process, which does not wait for it."""
    _process.changed.release()
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


class _Shared:
    """What threads have in common with whoever gives them something to do."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]] | None] = SimpleQueue()
        self.lock = threading.Lock()
        self.idle = 0


class Workers:
    """Threads, `most` at once, that take what they are given in its order. No process waits for them."""

    def __init__(self, most: int = 1) -> None:
        self._most, self._count = most, 0
        self._shared = _Shared()

    def submit(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Has a thread call a function."""
        check()
        future: Future[T] = Future()
        self._shared.tasks.put((future, function, arguments, named))
        if self._count < self._most and self._shared.tasks.qsize() > self._shared.idle:
            self._count += 1
            threading.Thread(target=_work, args=(self._shared,), name="penstock", daemon=True).start()
        return future

    def end(self) -> None:
        """Ends the threads, behind what they were given."""
        for _ in range(self._count):
            self._shared.tasks.put(None)
        self._count = 0

    def __del__(self) -> None:
        self.end()


def _work(shared: _Shared) -> None:
    while True:
        with shared.lock:
            shared.idle += 1
        task = shared.tasks.get()
        with shared.lock:
            shared.idle -= 1
        if task is None:
            return
        future, function, arguments, named = task
        del task
        if future.set_running_or_notify_cancel():
            try:
                value = function(*arguments, **named)
            except BaseException as raised:  # noqa: BLE001 - it is raised where it is waited for
                future.set_exception(raised)
            else:
                future.set_result(value)
        # What is kept while the next task is waited for would be kept for long.
        value = future = function = arguments = named = None  # type: ignore[assignment]


# Where the main thread's calls run, one at a time.
_mains = Workers()


def apart(leave: Callable[[], object], function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Calls a function in another thread if this is the main one. `leave` is called if it is waited for no longer."""
    global _mains
    check()
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments, **named)
    future = _mains.submit(function, *arguments, **named)
    try:
        return future.result()
    finally:
        if not future.done():
            # What is left behind holds up nothing that comes after it.
            leave()
            _mains.end()
            _mains = Workers()
