"""Clients of a vendor: one whose calls block, and one for asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from itertools import chain
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar

from wasmtime.component import Record

from ._calls import Call
from ._component import Instance, Pool
from ._files import AsyncDownload, Download, Source, late, pieces, upload_record
from ._listing import AsyncListing, Listing
from ._options import CallOptions
from ._pages import Answer, Page, PageInfo, AnswerInfo, made
from ._progress import Bar
from ._read import Read, lenient
from ._settings import Settings, lookup
from ._state import MemoryState
from ._threads import Workers, apart
from ._values import body_text, parameters, same
from ._webhooks import Event, Headers, delivery, event

T = TypeVar("T")
P = ParamSpec("P")

Parameters = Iterable[tuple[str, Any]]


class _Base:
    """What both kinds of client have."""

    vendor: ClassVar[str]

    def __init__(self, settings: Settings = None, *, state: MemoryState | None = None, instances: int = 1) -> None:
        """`settings`: a mapping of settings and credentials, or a function of a name; the environment without one.
        `state`: what clients share that are given the same one. `instances`: how many calls may be made at once; each
        has an instance of the component, and all keep one rate limit together."""
        if type(instances) is not int or instances < 1:
            raise ValueError(f"instances must be a whole number from 1, not {instances!r}")
        look, shared, alone = lookup(settings), state or MemoryState(), state is None and instances == 1
        self._pool = Pool(lambda: Instance(look, shared, alone), instances)
        self._modules: dict[Callable[[Any], Any], Any] = {}

    def _module(self, module: Callable[[Any], T]) -> T:
        if module not in self._modules:
            self._modules[module] = module(self)
        known: T = self._modules[module]
        return known

    def _invoke(self, call: Call, given: Parameters, body: Any) -> Answer:
        arguments = (parameters(given), body_text(body))
        with self._pool.any(call) as instance:
            answer = instance.call("operations", "invoke", self.vendor, call.operation, *arguments, call.record())
        page = None if answer.page is None else made(PageInfo, answer.page)
        return Answer(None if answer.body is None else json.loads(answer.body), page, made(AnswerInfo, answer.info))

    def _reading(self, call: Call, given: Parameters, body: Any, read: Callable[[Any], T], progress: bool) -> Read[T]:
        arguments = (self.vendor, call.operation, parameters(given), body_text(body))
        return Read(self._pool, call, arguments, read, Bar(call.operation) if progress else None)

    def _value(self, call: Call, given: Parameters, body: Any, read: Callable[[Any], T]) -> T:
        answer = self._invoke(call, given, body)
        return (lenient(read) if call.raw else read)(answer.body)

    def _paged(self, call: Call, given: Parameters, body: Any, read: Callable[[Any], T]) -> Page[T]:
        answer = self._invoke(call, given, body)
        decode = lenient(read) if call.raw else read
        if answer.page is None:
            raise TypeError(f"{call.operation} is no list")
        return Page([decode(one) for one in answer.body or ()], answer.page)

    def _downloaded(self, call: Call, given: Parameters) -> Download:
        with self._pool.any(call) as instance:
            download = instance.call("transfers", "download", self.vendor, call.operation, parameters(given), call.record())
            return Download(self._pool, instance, download)

    def _uploaded(self, call: Call, given: Parameters, read: Callable[[Any], T], file: Source, about: Record) -> T:
        some = pieces(file, call.operation)
        # Before anything is sent: a file that is not there, or is none.
        first = next(some, b"")
        with self._pool.any(call) as instance:
            writer = instance.call("transfers", "upload", self.vendor, call.operation, parameters(given), about, call.record())
            try:
                for piece in chain([first] if first else (), late(some)):
                    if not instance.call("transfers", "[method]answer-writer.write", writer, piece):
                        break
                answer = instance.call("transfers", "[method]answer-writer.end", writer)
            finally:
                if not instance.broken:
                    writer.drop(instance.store)
        return read(None if answer.body is None else json.loads(answer.body))

    def _asked(self, call: Call, interface: str, function: str, *arguments: Any) -> Any:
        with self._pool.any(call) as instance:
            return instance.call(interface, function, *arguments)

    def _verified(self, call: Call, headers: Headers, body: bytes) -> Event:
        return event(self._asked(call, "webhooks", "verify-and-parse", self.vendor, call.options.account, *delivery(headers, body)))

    def _missing(self, call: Call) -> list[str]:
        readiness = self._asked(call, "admin", "ready", self.vendor, call.options.account)
        return [f"{one.field}: {one.message}" for one in readiness.missing]


def _numbers(page: int | None, page_size: int | None, include_total: bool) -> list[tuple[str, Any]]:
    """What selects a page, by name."""
    return [("page", page), ("pageSize", page_size), ("includeTotal", True if include_total else None)]


class Client(_Base):
    """A client whose calls block. It may be used by several threads: give it as many `instances`."""

    def _run(self, function: Callable[Concatenate[Call, P], T], call: Call, *arguments: P.args, **named: P.kwargs) -> T:
        return apart(call.leave, function, call, *arguments, **named)

    def invoke(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, options: CallOptions | None = None) -> Answer:
        """Calls any operation by its name, `jpm.jobs-get`; a list answers with one page."""
        return self._run(self._invoke, Call(options, operation, resume), (parameters or {}).items(), body)

    def read(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, progress: bool = False, options: CallOptions | None = None) -> Listing[Any]:
        """Reads any list by its name, as parsed JSON."""
        return self._list(operation, (parameters or {}).items(), body, same, None, resume, progress, options)

    def ready(self, account: str | None = None) -> list[str]:
        """What is missing of an account's settings, if anything is. Asks no vendor."""
        return self._run(self._missing, Call(CallOptions(account=account), "ready"))

    def verify_and_parse(self, headers: Headers, body: bytes, *, account: str | None = None) -> Event:
        """The event of a webhook's delivery, exactly as it came, if it is the vendor's: PenstockError if it is not
        (`authentication`). Nothing is remembered: an event that is delivered again has the same `id`."""
        return self._run(self._verified, Call(CallOptions(account=account), "verify-and-parse"), headers, body)

    def metrics(self) -> str:
        """Counters and histograms of an instance, in the text format of Prometheus."""
        text: str = self._run(self._asked, Call(None, "metrics"), "admin", "metrics")
        return text

    def _described(self) -> Any:
        """The operations of the vendor."""
        return self._run(self._asked, Call(None, "describe"), "operations", "describe", self.vendor, None)

    def close(self) -> None:
        """Forgets the instances of the component."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], options: CallOptions | None) -> T:
        return self._run(self._value, Call(options, operation), given, body, read)

    def _list(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], row: type[Any] | None, resume: str | None, progress: bool, options: CallOptions | None) -> Listing[T]:
        return Listing(self._reading(Call(options, operation, resume), given, body, read, progress), row, resume)

    def _page(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], page: int | None, page_size: int | None, include_total: bool, resume: str | None, options: CallOptions | None) -> Page[T]:
        return self._run(self._paged, Call(options, operation, resume), [*given, *_numbers(page, page_size, include_total)], body, read)

    def _download(self, operation: str, given: Parameters, options: CallOptions | None) -> Download:
        return self._run(self._downloaded, Call(options, operation), given)

    def _upload(self, operation: str, given: Parameters, read: Callable[[Any], T], file: Source, file_name: str, content_type: str | None, length: int | None, options: CallOptions | None) -> T:
        about = upload_record(file, file_name, content_type, length, operation)
        return self._run(self._uploaded, Call(options, operation), given, read, file, about)


class AsyncClient(_Base):
    """A client for asyncio: calls run in threads of its own, `instances` of them at once. A task that is cancelled is
    free at once. What it waited for is not sent if it had not begun; otherwise the call ends by itself, and a write may
    take effect."""

    def __init__(self, settings: Settings = None, *, state: MemoryState | None = None, instances: int = 4) -> None:
        super().__init__(settings, state=state, instances=instances)
        self._threads = Workers(2 * instances)
        self._open: set[Future[Any]] = set()
        self._closed = False

    def _submit(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        future = self._threads.submit(function, *arguments, **named)
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        return future

    async def _run(self, function: Callable[Concatenate[Call, P], T], call: Call, *arguments: P.args, **named: P.kwargs) -> T:
        return await self._wait(call.leave, function, call, *arguments, **named)

    async def _wait(self, leave: Callable[[], object], function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        if self._closed:
            raise RuntimeError("the client is closed")
        try:
            return await asyncio.wrap_future(self._submit(function, *arguments, **named))
        except asyncio.CancelledError:
            leave()
            raise

    async def invoke(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, options: CallOptions | None = None) -> Answer:
        """Calls any operation by its name, `jpm.jobs-get`; a list answers with one page."""
        return await self._run(self._invoke, Call(options, operation, resume), (parameters or {}).items(), body)

    def read(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, progress: bool = False, options: CallOptions | None = None) -> AsyncListing[Any]:
        """Reads any list by its name, as parsed JSON."""
        return self._list(operation, (parameters or {}).items(), body, same, None, resume, progress, options)

    async def ready(self, account: str | None = None) -> list[str]:
        """What is missing of an account's settings, if anything is. Asks no vendor."""
        return await self._run(self._missing, Call(CallOptions(account=account), "ready"))

    async def verify_and_parse(self, headers: Headers, body: bytes, *, account: str | None = None) -> Event:
        """The event of a webhook's delivery, exactly as it came, if it is the vendor's: PenstockError if it is not
        (`authentication`). Nothing is remembered: an event that is delivered again has the same `id`."""
        return await self._run(self._verified, Call(CallOptions(account=account), "verify-and-parse"), headers, body)

    async def close(self) -> None:
        """Waits for calls that are under way, and forgets the instances of the component."""
        self._closed = True
        await asyncio.to_thread(wait, list(self._open))
        self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _one(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], options: CallOptions | None) -> T:
        return await self._run(self._value, Call(options, operation), given, body, read)

    def _list(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], row: type[Any] | None, resume: str | None, progress: bool, options: CallOptions | None) -> AsyncListing[T]:
        return AsyncListing(self, self._reading(Call(options, operation, resume), given, body, read, progress), row, resume)

    async def _page(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], page: int | None, page_size: int | None, include_total: bool, resume: str | None, options: CallOptions | None) -> Page[T]:
        return await self._run(self._paged, Call(options, operation, resume), [*given, *_numbers(page, page_size, include_total)], body, read)

    async def _download(self, operation: str, given: Parameters, options: CallOptions | None) -> AsyncDownload:
        return AsyncDownload(self, await self._run(self._downloaded, Call(options, operation), given))

    async def _upload(self, operation: str, given: Parameters, read: Callable[[Any], T], file: Source, file_name: str, content_type: str | None, length: int | None, options: CallOptions | None) -> T:
        about = upload_record(file, file_name, content_type, length, operation)
        return await self._run(self._uploaded, Call(options, operation), given, read, file, about)
