"""Files that come and files that are sent, in pieces."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from wasmtime.component import Record

from ._component import Instance, Pool

if TYPE_CHECKING:
    from ._client import AsyncClient

Source: TypeAlias = bytes | str | os.PathLike[str] | BinaryIO | Iterable[bytes]
"""Where the bytes of a file come from: bytes, a path, a file that is open for reading bytes, or an iterable of bytes."""

PIECE = 64 * 1024


class Download:
    """A file on its way from the vendor: iterate over its bytes, or `read` or `save` them. They are fetched as fast as
    they are read; if they break off, the rest is asked for where the server offers that."""

    def __init__(self, pool: Pool, instance: Instance, download: Any) -> None:
        info = download.info
        self._pool, self._instance, self._content = pool, instance, download.content
        self.call_id: str = getattr(info, "call-id")
        self.status: int = info.status
        self.content_type: str | None = getattr(info, "content-type")
        self.file_name: str | None = getattr(info, "file-name")
        self.length: int | None = info.length

    def next(self) -> bytes | None:
        """The next bytes; None after the last one, and then all of them came."""
        if self._content is None:
            return None
        try:
            with self._pool.this(self._instance) as instance:
                some: bytes | None = instance.call("files", "[method]byte-reader.read", self._content, PIECE)
                if some is None:
                    instance.call("files", "[method]byte-reader.end", self._content)
        except BaseException:
            self.close()
            raise
        if some is None:
            self.close()
        return some

    def __iter__(self) -> Iterator[bytes]:
        try:
            while (some := self.next()) is not None:
                yield some
        finally:
            self.close()

    def read(self) -> bytes:
        """All bytes."""
        return b"".join(self)

    def save(self, path: str | os.PathLike[str]) -> int:
        """Writes a file, whole or not at all, and says how many bytes it has."""
        part = Path(f"{os.fspath(path)}.part")
        try:
            with part.open("wb") as file:
                count = sum(file.write(some) for some in self)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return count

    def close(self) -> None:
        """Cancels what is left."""
        if self._content is not None:
            content, self._content = self._content, None
            with self._pool.this(self._instance) as instance:
                if not instance.broken:
                    content.drop(instance.store)


class AsyncDownload:
    """The same for asyncio: `async for some in download`."""

    def __init__(self, client: AsyncClient, download: Download) -> None:
        self._client, self._download = client, download
        self.call_id, self.status = download.call_id, download.status
        self.content_type, self.file_name, self.length = download.content_type, download.file_name, download.length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while (some := await self._client._run(self._download.next)) is not None:
                yield some
        finally:
            self._client._submit(self._download.close)

    async def read(self) -> bytes:
        """All bytes."""
        return await self._client._run(self._download.read)

    async def save(self, path: str | os.PathLike[str]) -> int:
        """Writes a file, whole or not at all, and says how many bytes it has."""
        return await self._client._run(self._download.save, path)


def upload_record(file: Source, name: str, content_type: str | None, length: int | None) -> Record:
    """What the component is told of a file that is sent."""
    if length is None:
        if isinstance(file, bytes):
            length = len(file)
        elif isinstance(file, (str, os.PathLike)):
            length = Path(file).stat().st_size
    record = Record()
    record.__dict__.update({"file-name": name, "content-type": content_type, "length": length})
    return record


def pieces(file: Source) -> Iterator[bytes]:
    """The bytes of a file, bit by bit."""
    if isinstance(file, bytes):
        for at in range(0, len(file), PIECE):
            yield file[at : at + PIECE]
    elif isinstance(file, (str, os.PathLike)):
        with Path(file).open("rb") as opened:
            yield from iter(lambda: opened.read(PIECE), b"")
    elif hasattr(file, "read"):
        yield from iter(lambda: file.read(PIECE), b"")
    else:
        for some in file:
            yield from pieces(bytes(some))
