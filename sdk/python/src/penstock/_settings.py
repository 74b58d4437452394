"""Where settings and credentials come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

Settings: TypeAlias = Mapping[str, str] | Callable[[str], str | None] | None
"""A mapping, or a function of a name, such as `SERVICETITAN_CLIENT_SECRET`; None is the environment, where
`NAME_FILE` may name a file that holds the value. A function is asked again now and then: what it says may change."""


def lookup(settings: Settings) -> Callable[[str], str | None]:
    """A function that answers for a name."""
    if settings is None:
        return _environment
    if isinstance(settings, Mapping):
        return settings.get
    return settings


def _environment(name: str) -> str | None:
    value = os.environ.get(name)
    file = os.environ.get(f"{name}_FILE")
    if value or not file:
        return value or None
    return Path(file).read_text(encoding="utf-8").rstrip("\r\n") or None
