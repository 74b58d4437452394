"""What the instances of a process share: tokens, limits, cached answers."""

from __future__ import annotations

import threading
import time
from typing import Any

from wasmtime.component import Record

from . import _turns


class MemoryState:
    """A store in this process's memory (`penstock:host/state`). Clients that are given the same one share access
    tokens, rate limits and cached answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, tuple[bytes, float | None]] = {}
        self._plans: dict[str, _turns.Plan] = {}

    def get(self, key: str) -> bytes | None:
        """The value of a key."""
        with self._lock:
            return self._live(key)

    def set(self, key: str, value: bytes, ttl_ms: int | None) -> None:
        """Stores a value."""
        with self._lock:
            self._put(key, value, ttl_ms)

    def delete(self, key: str) -> None:
        """Removes a key."""
        with self._lock:
            self._values.pop(key, None)
            self._plans.pop(key, None)

    def claim(self, key: str, value: bytes, ttl_ms: int) -> bytes | None:
        """Stores a value unless another one is there, which is returned."""
        with self._lock:
            there = self._live(key)
            if there is None or there == value:
                self._put(key, value, ttl_ms)
                return None
            return there

    def swap(self, key: str, expected: bytes, value: bytes, ttl_ms: int) -> bool:
        """Replaces a value that is expected."""
        with self._lock:
            if self._live(key) not in (expected, value):
                return False
            self._put(key, value, ttl_ms)
            return True

    def release(self, key: str, expected: bytes) -> None:
        """Gives a claim up."""
        with self._lock:
            if self._live(key) == expected:
                self._values.pop(key, None)

    def list_keys(self, prefix: str, most: int) -> list[str]:
        """Some of the keys that begin so."""
        with self._lock:
            keys = [key for key in [*self._values, *self._plans] if key.startswith(prefix)]
            return keys[:most]

    def take_turns(self, key: str, request: Any) -> Record:
        """Takes turns of a limit."""
        with self._lock:
            turns, self._plans[key] = _turns.ask(self._plans.get(key), time.time_ns() // 1000, request)
        answer = Record()
        answer.__dict__.update({name: getattr(turns, name) for name in turns.__slots__})
        return answer

    def _live(self, key: str) -> bytes | None:
        value, until = self._values.get(key, (None, None))
        if until is not None and time.monotonic() >= until:
            del self._values[key]
            return None
        return value

    def _put(self, key: str, value: bytes, ttl_ms: int | None) -> None:
        self._values[key] = (value, None if ttl_ms is None else time.monotonic() + ttl_ms / 1000)
