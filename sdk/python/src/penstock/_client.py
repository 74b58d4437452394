"""Clients of a vendor: one whose calls block, and one for asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

from ._component import Instance, Pool
from ._files import AsyncDownload, Download, Source, pieces, upload_record
from ._listing import AsyncListing, Listing
from ._options import CallOptions, record
from ._pages import Answer, Page, PageInfo, AnswerInfo, made
from ._progress import Bar
from ._read import Read, lenient
from ._settings import Settings, lookup
from ._state import MemoryState
from ._values import body_text, parameters, same

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
        look, shared, alone = lookup(settings), state or MemoryState(), state is None and instances == 1
        self._pool = Pool(lambda: Instance(look, shared, alone), instances)
        self._modules: dict[Callable[[Any], Any], Any] = {}

    def _module(self, module: Callable[[Any], T]) -> T:
        if module not in self._modules:
            self._modules[module] = module(self)
        known: T = self._modules[module]
        return known

    def _raw(self, options: CallOptions | None) -> bool:
        return options is not None and options.on_misfit == "raw"

    def _invoke(self, operation: str, given: Parameters, body: Any, resume: str | None, options: CallOptions | None) -> Answer:
        arguments = (self.vendor, operation, parameters(given), body_text(body), record(options, resume))
        with self._pool.any() as instance:
            answer = instance.call("operations", "invoke", *arguments)
        page = None if answer.page is None else made(PageInfo, answer.page)
        return Answer(None if answer.body is None else json.loads(answer.body), page, made(AnswerInfo, answer.info))

    def _reading(
        self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], resume: str | None, progress: bool, options: CallOptions | None
    ) -> Read[T]:
        arguments = (self.vendor, operation, parameters(given), body_text(body), record(options, resume))
        return Read(self._pool, arguments, read, self._raw(options), Bar(operation) if progress else None)

    def _value(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], options: CallOptions | None) -> T:
        answer = self._invoke(operation, given, body, None, options)
        return (lenient(read) if self._raw(options) else read)(answer.body)

    def _paged(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], resume: str | None, options: CallOptions | None) -> Page[T]:
        answer = self._invoke(operation, given, body, resume, options)
        decode = lenient(read) if self._raw(options) else read
        if answer.page is None:
            raise TypeError(f"{operation} is no list")
        return Page([decode(one) for one in answer.body or ()], answer.page)

    def _downloaded(self, operation: str, given: Parameters, options: CallOptions | None) -> Download:
        with self._pool.any() as instance:
            download = instance.call("transfers", "download", self.vendor, operation, parameters(given), record(options))
            return Download(self._pool, instance, download)

    def _uploaded(
        self, operation: str, given: Parameters, read: Callable[[Any], T], file: Source, about: tuple[str, str | None, int | None], options: CallOptions | None
    ) -> T:
        arguments = (self.vendor, operation, parameters(given), upload_record(file, *about), record(options))
        with self._pool.any() as instance:
            writer = instance.call("transfers", "upload", *arguments)
            try:
                for some in pieces(file):
                    if not instance.call("transfers", "[method]answer-writer.write", writer, some):
                        break
                answer = instance.call("transfers", "[method]answer-writer.end", writer)
            finally:
                if not instance.broken:
                    writer.drop(instance.store)
        return read(None if answer.body is None else json.loads(answer.body))

    def _asked(self, function: str, *arguments: Any) -> Any:
        with self._pool.any() as instance:
            return instance.call("admin", function, *arguments)


def _numbers(page: int | None, page_size: int | None, include_total: bool) -> list[tuple[str, Any]]:
    """What selects a page, by name."""
    return [("page", page), ("pageSize", page_size), ("includeTotal", True if include_total else None)]


class Client(_Base):
    """A client whose calls block. It may be used by several threads: give it as many `instances`."""

    def invoke(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, options: CallOptions | None = None) -> Answer:
        """Calls any operation by its name, `jpm.jobs-get`; a list answers with one page."""
        return self._invoke(operation, (parameters or {}).items(), body, resume, options)

    def read(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, progress: bool = False, options: CallOptions | None = None) -> Listing[Any]:
        """Reads any list by its name, as parsed JSON."""
        return self._list(operation, (parameters or {}).items(), body, same, None, resume, progress, options)

    def ready(self, account: str | None = None) -> list[str]:
        """What is missing of an account's settings, if anything is. Asks no vendor."""
        readiness = self._asked("ready", self.vendor, account)
        return [f"{one.field}: {one.message}" for one in readiness.missing]

    def metrics(self) -> str:
        """Counters and histograms of an instance, in the text format of Prometheus."""
        text: str = self._asked("metrics")
        return text

    def close(self) -> None:
        """Forgets the instances of the component."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], options: CallOptions | None) -> T:
        return self._value(operation, given, body, read, options)

    def _list(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], row: type[Any] | None, resume: str | None, progress: bool, options: CallOptions | None) -> Listing[T]:
        return Listing(self._reading(operation, given, body, read, resume, progress, options), row, resume)

    def _page(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], page: int | None, page_size: int | None, include_total: bool, resume: str | None, options: CallOptions | None) -> Page[T]:
        return self._paged(operation, [*given, *_numbers(page, page_size, include_total)], body, read, resume, options)

    def _download(self, operation: str, given: Parameters, options: CallOptions | None) -> Download:
        return self._downloaded(operation, given, options)

    def _upload(self, operation: str, given: Parameters, read: Callable[[Any], T], file: Source, file_name: str, content_type: str | None, length: int | None, options: CallOptions | None) -> T:
        return self._uploaded(operation, given, read, file, (file_name, content_type, length), options)


class AsyncClient(_Base):
    """A client for asyncio: calls run in threads of its own, `instances` of them at once. A task that is cancelled is
    free at once; the call ends by itself, and a write may take effect."""

    def __init__(self, settings: Settings = None, *, state: MemoryState | None = None, instances: int = 4) -> None:
        super().__init__(settings, state=state, instances=instances)
        self._threads = ThreadPoolExecutor(2 * instances, "penstock")

    def _submit(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        return self._threads.submit(function, *arguments, **named)

    async def _run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        return await asyncio.wrap_future(self._submit(function, *arguments, **named))

    async def invoke(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, options: CallOptions | None = None) -> Answer:
        """Calls any operation by its name, `jpm.jobs-get`; a list answers with one page."""
        return await self._run(self._invoke, operation, (parameters or {}).items(), body, resume, options)

    def read(self, operation: str, parameters: Mapping[str, Any] | None = None, body: Any = None, *, resume: str | None = None, progress: bool = False, options: CallOptions | None = None) -> AsyncListing[Any]:
        """Reads any list by its name, as parsed JSON."""
        return self._list(operation, (parameters or {}).items(), body, same, None, resume, progress, options)

    async def ready(self, account: str | None = None) -> list[str]:
        """What is missing of an account's settings, if anything is. Asks no vendor."""
        readiness = await self._run(self._asked, "ready", self.vendor, account)
        return [f"{one.field}: {one.message}" for one in readiness.missing]

    async def close(self) -> None:
        """Waits for calls that are under way, and forgets the instances of the component."""
        await asyncio.to_thread(self._threads.shutdown)
        self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _one(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], options: CallOptions | None) -> T:
        return await self._run(self._value, operation, given, body, read, options)

    def _list(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], row: type[Any] | None, resume: str | None, progress: bool, options: CallOptions | None) -> AsyncListing[T]:
        return AsyncListing(self, self._reading(operation, given, body, read, resume, progress, options), row, resume)

    async def _page(self, operation: str, given: Parameters, body: Any, read: Callable[[Any], T], page: int | None, page_size: int | None, include_total: bool, resume: str | None, options: CallOptions | None) -> Page[T]:
        return await self._run(self._paged, operation, [*given, *_numbers(page, page_size, include_total)], body, read, resume, options)

    async def _download(self, operation: str, given: Parameters, options: CallOptions | None) -> AsyncDownload:
        return AsyncDownload(self, await self._run(self._downloaded, operation, given, options))

    async def _upload(self, operation: str, given: Parameters, read: Callable[[Any], T], file: Source, file_name: str, content_type: str | None, length: int | None, options: CallOptions | None) -> T:
        return await self._run(self._uploaded, operation, given, read, file, (file_name, content_type, length), options)
