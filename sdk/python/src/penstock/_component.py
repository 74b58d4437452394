"""The component in this process: compiled once, and instances of it, each of which makes one call at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Instance as WasmInstance, Linker, Variant

from . import _lifting, _logs, _threads
from ._calls import Call
from ._errors import ComponentError, PenstockError
from ._state import MemoryState

VERSION = "0.1.0-p2"
FILE = Path(__file__).with_name("penstock.wasm")


@cache
def _compiled() -> tuple[Engine, Component]:
    """Compiled by Cranelift the first time, and from `wasmtime`'s cache after that."""
    _threads.begin()
    _lifting.install()
    config = Config()
    config.cache = True
    # The end of the process begins a new epoch, in which no instance runs: none calls Python then.
    config.epoch_interruption = True
    engine = Engine(config)
    _threads.at_end(engine.increment_epoch)
    return engine, Component.from_file(engine, str(FILE))


class Instance:
    """An instance of the component. Whoever calls it holds its lock."""

    def __init__(self, lookup: Callable[[str], str | None], state: MemoryState, alone: bool) -> None:
        self.lock = threading.Lock()
        self.broken = False
        self._lookup = lookup
        # What a function of the caller's raised: it must not go through the component.
        self._raised: BaseException | None = None
        self._functions: dict[tuple[str, str], Any] = {}
        # What the component holds for somebody who is gone: a file that was asked for and never read.
        self.abandoned: deque[Any] = deque()
        engine, component = _compiled()
        self.store = Store(engine)
        self.store.set_epoch_deadline(1)
        wasi = WasiConfig()
        wasi.stderr_custom = _threads.called(_logs.Lines().write)
        self.store.set_wasi(wasi)
        self.store.set_wasi_http()
        self._instance = self._linked(engine, component, state, alone)

    def _linked(self, engine: Engine, component: Component, state: MemoryState, alone: bool) -> WasmInstance:
        with Linker(engine) as linker:
            linker.add_wasip2()
            linker.add_wasi_http()
            with linker.root() as root:
                for name in ("config", "secrets"):
                    with root.add_instance(f"penstock:host/{name}@{VERSION}") as interface:
                        interface.add_func("get", _threads.called(self._setting))
                with root.add_instance(f"penstock:host/state@{VERSION}") as interface:
                    for name in ("get", "set", "delete", "claim", "swap", "release", "list-keys"):
                        interface.add_func(name, _stored(getattr(state, name.replace("-", "_"))))
                    interface.add_func("take-turns", _unshared if alone else _stored(state.take_turns))
            instance: WasmInstance = linker.instantiate(self.store, component)
            return instance

    def _setting(self, _store: Any, name: str) -> str | None:
        try:
            value = self._lookup(name)
            return _logs.least() if value is None and name == "LOG_LEVEL" else value
        except BaseException as raised:  # noqa: BLE001 - it is raised again behind the call
            self._raised = raised
            return None

    def call(self, interface: str, name: str, *arguments: Any) -> Any:
        """Calls a function of `penstock:connector`, and gives the good side of its result."""
        try:
            while self.abandoned:
                self.abandoned.popleft().drop(self.store)
            function = self._function(interface, name)
            result = function(self.store, *arguments)
        except WasmtimeError as error:
            self.broken = True
            raise ComponentError(str(error)) from error
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised
        return done(result)

    def _function(self, interface: str, name: str) -> Any:
        function = self._functions.get((interface, name))
        if function is None:
            place = self._instance.get_export_index(self.store, f"penstock:connector/{interface}@{VERSION}")
            place = self._instance.get_export_index(self.store, name, place)
            if place is None:
                raise AttributeError(f"the component has no {interface}.{name}")
            function = self._instance.get_func(self.store, place)
            self._functions[interface, name] = function
        return function


def _stored(function: Callable[..., Any]) -> Callable[..., Any]:
    return _threads.called(lambda _store, *arguments: function(*arguments))


def _unshared(*_: Any) -> Variant:
    """Of an instance that is alone: the whole limit is its own."""
    return Variant("unavailable", "there are no other instances")


def done(result: Any) -> Any:
    """The value of a `result`, which is wrapped only where both of its cases are of one Python type."""
    if isinstance(result, Variant) and result.tag in ("ok", "err"):
        value, failed = result.payload, result.tag == "err"
    else:
        value, failed = result, hasattr(result, "outcome")
    if failed:
        raise PenstockError(value)
    return value


class Pool:
    """Instances, made when all that there are have a call in hand."""

    def __init__(self, make: Callable[[], Instance], most: int) -> None:
        self._make, self._most = make, most
        self._changed = threading.Condition()
        self._instances: list[Instance] = []

    @contextmanager
    def any(self, call: Call | None = None) -> Iterator[Instance]:
        """An instance that nobody else calls meanwhile, if there is one before the call's deadline."""
        _threads.check()
        with self._changed:
            while (instance := self._free()) is None:
                self._changed.wait(None if call is None else call.patience())
        with self._held(instance):
            yield instance

    @contextmanager
    def this(self, instance: Instance, call: Call | None = None) -> Iterator[Instance]:
        """This instance, as soon as nobody else calls it."""
        _threads.check()
        with self._changed:
            while not instance.lock.acquire(blocking=False):
                self._changed.wait(None if call is None else call.patience())
        with self._held(instance):
            yield instance

    def _free(self) -> Instance | None:
        for instance in self._instances:
            if instance.lock.acquire(blocking=False):
                return instance
        if len(self._instances) >= self._most:
            return None
        instance = self._make()
        instance.lock.acquire()
        self._instances.append(instance)
        return instance

    @contextmanager
    def _held(self, instance: Instance) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                if instance.broken and instance in self._instances:
                    self._instances.remove(instance)
                instance.lock.release()
                self._changed.notify_all()

    def close(self) -> None:
        """Forgets the instances that have nothing to do."""
        with self._changed:
            self._instances = [instance for instance in self._instances if instance.lock.locked()]
