"""Where settings and credentials come from."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from ._errors import local, misfit

Settings: TypeAlias = Mapping[str, str] | Callable[[str], str | None] | None
"""A mapping, or a function of a name, such as `SERVICETITAN_CLIENT_SECRET`; None is the environment, where
`NAME_FILE` may name a file that holds the value. A function is asked again now and then: what it says may change."""


def lookup(settings: Settings) -> Callable[[str], str | None]:
    """A function that answers for a name."""
    if settings is None:
        return _environment
    function = settings.get if isinstance(settings, Mapping) else settings
    if not callable(function):
        raise misfit([("settings", "must be a mapping, or a function of a name")])
    return lambda name: _text(name, function(name))


def _text(name: str, value: object) -> str | None:
    """A value, which the component takes as a text alone. What is refused is not repeated: it may be a secret."""
    if value is None or isinstance(value, str):
        return value
    if inspect.iscoroutine(value):
        value.close()
        message = "must be a text, and not what an `async` function gives: settings are asked for in a thread, which may wait"
    else:
        message = f"must be a text, and not {type(value).__name__}"
    raise local("configuration", f"the settings do not fit: {name} {message}", [(name, message)])


def _environment(name: str) -> str | None:
    value = os.environ.get(name)
    file = os.environ.get(f"{name}_FILE")
    if value or not file:
        return value or None
    return Path(file).read_text(encoding="utf-8").rstrip("\r\n") or None
