"""Files that come and files that are sent, in pieces."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from wasmtime.component import Record

from ._component import Instance, Pool
from ._errors import PenstockError, misfit
from ._threads import Workers, apart, forked

if TYPE_CHECKING:
    from ._client import AsyncClient

Source: TypeAlias = bytes | str | os.PathLike[str] | BinaryIO | Iterable[bytes]
"""Where the bytes of a file come from: bytes, a path, a file that is open for reading bytes, or an iterable of bytes."""

PIECE = 64 * 1024

BYTES = (bytes, bytearray, memoryview)


class Download:
    """A file on its way from the vendor: iterate over its bytes, or `read` or `save` them. They are fetched as fast as
    they are read; if they break off, the rest is asked for where the server offers that."""

    def __init__(self, pool: Pool, instance: Instance, download: Any) -> None:
        info = download.info
        self._pool, self._instance, self._content = pool, instance, download.content
        self._begun = self._whole = False
        self.call_id: str = getattr(info, "call-id")
        self.status: int = info.status
        self.content_type: str | None = getattr(info, "content-type")
        self.file_name: str | None = getattr(info, "file-name")
        self.length: int | None = info.length

    def next(self) -> bytes | None:
        """The next bytes; None after the last one, and then all of them came."""
        if self._whole:
            return None
        if self._content is None:
            raise RuntimeError("the file was not read to its end, and was closed: ask for it again")
        self._begun = True
        try:
            some = apart(self.close, self._next, self._content)
        except BaseException:
            self.close()
            raise
        if some is None:
            self._whole = True
            self.close()
        return some

    def _next(self, content: Any) -> bytes | None:
        with self._pool.this(self._instance) as instance:
            some: bytes | None = instance.call("files", "[method]byte-reader.read", content, PIECE)
            if some is None:
                instance.call("files", "[method]byte-reader.end", content)
            return some

    def __iter__(self) -> Iterator[bytes]:
        if self._content is None:
            raise RuntimeError("a file can be read once: ask for it again")
        return self._rest()

    def _rest(self) -> Iterator[bytes]:
        try:
            while (some := self.next()) is not None:
                yield some
        finally:
            self.close()

    def _all(self) -> Iterator[bytes]:
        """Every byte, from the first: a part would look like the whole file."""
        if self._begun:
            raise RuntimeError("a part of the file was read, or all of it, and it can be read once: ask for it again")
        return iter(self)

    def read(self) -> bytes:
        """All bytes."""
        return b"".join(self._all())

    def save(self, path: str | os.PathLike[str]) -> int:
        """Writes a file, whole or not at all, and says how many bytes it has."""
        pieces, part = self._all(), Path(f"{os.fspath(path)}.part")
        try:
            with part.open("wb") as file:
                count = sum(file.write(some) for some in pieces)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return count

    def close(self) -> None:
        """Cancels what is left, behind a call that is under way, which nobody waits for."""
        if self._content is None:
            return
        content, self._content = self._content, None
        if not forked():
            thread = Workers()
            thread.submit(self._drop, content)
            thread.end()

    def __del__(self) -> None:
        """The next call cancels it: a thread must not be started from here."""
        if self._content is not None:
            self._instance.abandoned.append(self._content)

    def _drop(self, content: Any) -> None:
        with self._pool.this(self._instance) as instance:
            if not instance.broken:
                content.drop(instance.store)


class AsyncDownload:
    """The same for asyncio: `async for some in download`."""

    def __init__(self, client: AsyncClient, download: Download) -> None:
        self._client, self._download = client, download
        self.call_id, self.status = download.call_id, download.status
        self.content_type, self.file_name, self.length = download.content_type, download.file_name, download.length

    def __aiter__(self) -> AsyncIterator[bytes]:
        iter(self._download)
        return self._rest()

    async def _rest(self) -> AsyncIterator[bytes]:
        try:
            while (some := await self._client._wait(self._download.close, self._download.next)) is not None:
                yield some
        finally:
            self._download.close()

    async def read(self) -> bytes:
        """All bytes."""
        return await self._client._wait(self._download.close, self._download.read)

    async def save(self, path: str | os.PathLike[str]) -> int:
        """Writes a file, whole or not at all, and says how many bytes it has."""
        return await self._client._wait(self._download.close, self._download.save, path)


def upload_record(file: Source, name: str, content_type: str | None, length: int | None, operation: str) -> Record:
    """What the component is told of a file that is sent."""
    wrong = [] if isinstance(name, str) else [("file_name", "must be a text")]
    wrong += [] if content_type is None or isinstance(content_type, str) else [("content_type", "must be a text")]
    wrong += [] if length is None or (type(length) is int and length >= 0) else [("length", "must be a whole number")]
    if wrong:
        raise misfit(wrong, operation)
    if length is None:
        if isinstance(file, BYTES):
            length = memoryview(file).nbytes
        elif isinstance(file, (str, os.PathLike)):
            length = Path(file).stat().st_size
    record = Record()
    record.__dict__.update({"file-name": name, "content-type": content_type, "length": length})
    return record


def pieces(file: Source, operation: str) -> Iterator[bytes]:
    """The bytes of a file, bit by bit."""
    if isinstance(file, BYTES):
        whole = bytes(file)
        for at in range(0, len(whole), PIECE):
            yield whole[at : at + PIECE]
    elif isinstance(file, (str, os.PathLike)):
        with Path(file).open("rb") as opened:
            yield from iter(lambda: opened.read(PIECE), b"")
    else:
        read = getattr(file, "read", None)
        try:
            source = iter(file) if read is None else iter(lambda: read(PIECE) or b"", b"")  # type: ignore[arg-type, union-attr]
        except TypeError:
            raise _no_file(operation) from None
        for some in source:
            if not isinstance(some, BYTES):
                raise _no_file(operation)
            yield from pieces(bytes(some), operation)


def late(some: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of a file whose first one is on its way: that it breaks off does not say what the vendor makes of that."""
    try:
        yield from some
    except PenstockError as error:
        error.outcome = "unknown"
        raise


def _no_file(operation: str) -> PenstockError:
    message = "must be bytes, a path, a file that is open for reading bytes, or an iterable of bytes"
    return misfit([("file", message)], operation)
