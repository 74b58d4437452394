"""A bar for a read, if `tqdm` is installed."""

from __future__ import annotations

from typing import Any


class Bar:
    """Counts records, and knows how many there are once the vendor has said so."""

    def __init__(self, name: str) -> None:
        self._bar: Any = None
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self._bar = tqdm(desc=name, unit=" records")

    def moved(self, records: int, total: int | None) -> None:
        """So many more records came."""
        if self._bar is not None:
            self._bar.total = total or self._bar.total
            self._bar.update(records)

    def close(self) -> None:
        """Leaves the bar as it is."""
        if self._bar is not None:
            self._bar.close()
