"""Reads of lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _tables
from ._pages import ListEnd
from ._read import Read

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from ._client import AsyncClient

T = TypeVar("T")


class _Place(Generic[T]):
    """Where a listing stands."""

    def __init__(self, read: Read[T], row: type[Any] | None, resume: str | None) -> None:
        self._read, self._row, self._begun = read, row, False
        self.resume: str | None = resume
        """Goes on behind the last page whose records were all handed out, also in another process: of a page that
        was left in its middle, all come again, and none is lost. None while the first page is not read."""

    @property
    def end(self) -> ListEnd | None:
        """How the read ended, once it has. None before, and after a failure, whose exception says where to go on."""
        return self._read.end

    def _begin(self) -> None:
        """A list is read once: it would begin anew, or records would go to whoever asks first."""
        if self._begun:
            message = "a list can be read once: make another, which list(..., resume=listing.resume) has go on where this one stands"
            raise RuntimeError(message)
        self._begun = True

    def _ended(self) -> None:
        if self._read.end is not None:
            self.resume = self._read.end.resume


class Listing(_Place[T]):
    """A list that is read while it is iterated over: of any length in the same memory. It can be read once, and says so
    if it is asked again, also after a `break`."""

    def __iter__(self) -> Iterator[T]:
        self._begin()
        return self._records()

    def iter_batches(self) -> Iterator[list[T]]:
        """The records in lists: those of a page in each. `resume` is behind the one that was given last."""
        self._begin()
        return self._batches()

    def _records(self) -> Iterator[T]:
        try:
            while (parts := self._read.next()) is not None:
                for records, resume in parts:
                    yield from records
                    self.resume = resume or self.resume
        finally:
            self._read.close()
        self._ended()

    def _batches(self) -> Iterator[list[T]]:
        page: list[T] = []
        try:
            while (parts := self._read.next()) is not None:
                for records, resume in parts:
                    page += records
                    if resume is not None:
                        self.resume, whole, page = resume, page, []
                        if whole:
                            yield whole
        finally:
            self._read.close()
        self._ended()
        if page:
            yield page

    def close(self) -> None:
        """Ends the read: what is left of it is cancelled."""
        self._read.close()

    def to_arrow(self, *, scale: int = _tables.SCALE) -> pyarrow.Table:
        """Reads all into an Arrow table (`pip install 'penstock[arrow]'`). Its schema does not depend on the records:
        amounts are exact, `decimal128(38, scale)`, and one with more decimals raises ValueError."""
        return _tables.arrow(list(self), self._row, scale)

    def to_pandas(self) -> pandas.DataFrame:
        """Reads all into a data frame (`pip install 'penstock[pandas]'`). Money is `Decimal`."""
        return _tables.pandas(list(self), self._row)


class AsyncListing(_Place[T]):
    """The same for asyncio: `async for`."""

    def __init__(self, client: AsyncClient, read: Read[T], row: type[Any] | None, resume: str | None) -> None:
        super().__init__(read, row, resume)
        self._client = client

    def __aiter__(self) -> AsyncIterator[T]:
        self._begin()
        return self._records()

    def iter_batches(self) -> AsyncIterator[list[T]]:
        """The records in lists: those of a page in each. `resume` is behind the one that was given last."""
        self._begin()
        return self._batches()

    async def _records(self) -> AsyncIterator[T]:
        try:
            while (parts := await self._client._wait(self._read.close, self._read.next)) is not None:
                for records, resume in parts:
                    for record in records:
                        yield record
                    self.resume = resume or self.resume
        finally:
            self._read.close()
        self._ended()

    async def _batches(self) -> AsyncIterator[list[T]]:
        page: list[T] = []
        try:
            while (parts := await self._client._wait(self._read.close, self._read.next)) is not None:
                for records, resume in parts:
                    page += records
                    if resume is not None:
                        self.resume, whole, page = resume, page, []
                        if whole:
                            yield whole
        finally:
            self._read.close()
        self._ended()
        if page:
            yield page

    async def close(self) -> None:
        """Ends the read: what is left of it is cancelled."""
        self._read.close()

    async def to_arrow(self, *, scale: int = _tables.SCALE) -> pyarrow.Table:
        """Reads all into an Arrow table."""
        return _tables.arrow([record async for record in self], self._row, scale)

    async def to_pandas(self) -> pandas.DataFrame:
        """Reads all into a data frame."""
        return _tables.pandas([record async for record in self], self._row)
