"""Which operation a path is, and answers in the vendor's own shape."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import re
from decimal import Decimal
from functools import cache
from typing import Any, get_args, get_type_hints

from .._values import fields
from ..servicetitan import ServiceTitan


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """An operation, and what its path looks like."""

    name: str
    method: str
    # The path itself, which ServicePytan asks for by `v2` whatever version it has; and the same of any version.
    patterns: tuple[re.Pattern[str], re.Pattern[str]]
    paged: bool
    parameters: frozenset[str]


_routes: list[Route] = []


def routes(titan: ServiceTitan) -> list[Route]:
    """All operations of the vendor's own, those with fewer placeholders first."""
    if not _routes:
        known = titan._described()
        own = sorted((one for one in known if one.over is None), key=lambda one: one.path.count("{"))
        for one in own:
            exact = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", one.path)
            patterns = re.compile(exact), re.compile(exact.replace("/v2/", "/v\\d/").replace("/v3/", "/v\\d/"))
            names = frozenset(parameter.name for parameter in one.parameters)
            _routes.append(Route(one.name, one.method, patterns, one.paging != "none", names))
    return _routes


def find(titan: ServiceTitan, methods: tuple[str, ...], path: str) -> tuple[Route, dict[str, str]]:
    """The operation of a path, by one of these methods, and what stands in its placeholders."""
    for method, version in itertools.product(methods, (0, 1)):
        for route in routes(titan):
            found = route.patterns[version].fullmatch(path) if route.method == method else None
            if found is not None:
                return route, {name: value for name, value in found.groupdict().items() if name != "tenant"}
    raise ValueError(f"{methods[0]} {path} is no operation that is known")


def record_class(operation: str) -> type[Any] | None:
    """The data class of an operation's records."""
    module = operation.partition(".")[0].replace("-", "_")
    known: dict[str, type[Any]] = importlib.import_module(f"penstock.servicetitan.{module}")._ANSWERS
    return known.get(operation)


@cache
def _shape(record: type[Any]) -> tuple[tuple[str, type[Any] | None], ...]:
    hints = get_type_hints(record)
    return tuple((wire, _core(hints[name])) for name, wire in fields(record))


def _core(hint: Any) -> type[Any] | None:
    """Decimal, or a data class; nothing that matters otherwise."""
    if isinstance(hint, type) and (hint is Decimal or dataclasses.is_dataclass(hint)):
        return hint
    return next((core for core in map(_core, get_args(hint)) if core is not None), None)


def before(value: Any, record: type[Any] | None) -> Any:
    """A value as the vendor sent it: numbers are numbers, and what is not there is None."""
    if record is None or value is None:
        return value
    if isinstance(value, list):
        return [before(one, record) for one in value]
    if record is Decimal:
        return value if not isinstance(value, str) else int(value) if value.lstrip("-").isdigit() else float(value)
    if not isinstance(value, dict):
        return value
    known = {wire: before(value.get(wire), ty) for wire, ty in _shape(record)}  # type: ignore[arg-type]
    return known | {name: one for name, one in value.items() if name not in known}
