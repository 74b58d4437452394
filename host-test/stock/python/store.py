"""A store in this process's memory, as the component asks for one (`penstock:host/state`).

The package cannot give the error of a function whose good result is an `option` (wasmtime 50.0.1 takes whatever is
returned for that), so that "there is no store" cannot be said.
"""

import time

from wasmtime.component import Variant


class Store:
    def __init__(self):
        self.values = {}

    def functions(self):
        return {
            "get": lambda _store, key: self.get(key),
            "set": lambda _store, key, value, ttl: self.set(key, value, ttl),
            "delete": lambda _store, key: self.values.pop(key, None) and None,
            "claim": lambda _store, key, value, ttl: self.claim(key, value, ttl),
            "swap": lambda _store, key, expected, value, ttl: self.swap(key, expected, value, ttl),
            "release": lambda _store, key, expected: self.release(key, expected),
            "list-keys": lambda _store, prefix, most: self.keys(prefix, most),
            "take-turns": lambda _store, _key, _request: Variant("unavailable", "there is no clock of all instances"),
        }

    def get(self, key):
        value, until = self.values.get(key, (None, None))
        return value if until is None or time.monotonic() < until else None

    def set(self, key, value, ttl):
        self.values[key] = (value, None if ttl is None else time.monotonic() + ttl / 1000)

    def claim(self, key, value, ttl):
        there = self.get(key)
        if there is None or there == value:
            self.set(key, value, ttl)
            return None
        return there

    def swap(self, key, expected, value, ttl):
        there = self.get(key)
        if there not in (expected, value):
            return False
        self.set(key, value, ttl)
        return True

    def release(self, key, expected):
        if self.get(key) == expected:
            self.values.pop(key)

    def keys(self, prefix, most):
        return [key for key in self.values if key.startswith(prefix)][:most]
