"""Writes the vendors' part of the Python package: one module for each interface, and a client for each vendor."""

from __future__ import annotations

from pathlib import Path

from . import wit
from .contract import Module, Vendor
from .python_names import pascal, snake
from .python_operations import class_name, resource
from .python_types import open_enum, record

HEAD = '''"""{doc}"""

# Written by `sdk/generate` from `wit/`.
# ruff: noqa
from __future__ import annotations

import datetime as _datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as _field
from decimal import Decimal
from typing import Any, List, Literal, TypeAlias

from .._client import AsyncClient as _AsyncClient, Client as _Client
from .._files import AsyncDownload, Download, Source
from .._listing import AsyncListing, Listing
from .._options import CallOptions
from .._pages import Page
from .._values import UNSET, Unset, date as _date, decimal as _decimal, instant as _instant, new as _new, nothing as _nothing, register as _register, same as _same

'''

VENDORS = {"servicetitan": ("ServiceTitan", "ServiceTitan"), "asleep": ("Asleep", "Asleep")}


def write(vendors: list[Vendor], folder: Path) -> None:
    """Writes into the package's folder."""
    for vendor in vendors:
        place = folder / vendor.name
        place.mkdir(exist_ok=True)
        for module in vendor.modules:
            (place / f"{snake(module.name)}.py").write_text(written(module), encoding="utf-8")
        (place / "__init__.py").write_text(client(vendor), encoding="utf-8")


def written(module: Module) -> str:
    """The text of a module."""
    sent = bodies(module)
    queries = {operation.query.name for one in module.resources for operation in one.operations.values() if operation.query}
    lines: list[str] = []
    for enum in module.enums.values():
        lines += open_enum(enum)
    for one in module.records.values():
        if one.name not in queries:
            lines += record(module, one, one.name in sent)
    for one in module.resources:
        lines += resource(module, one, False) + resource(module, one, True)
    lines += facade(module, False) + facade(module, True) + answers(module)
    return HEAD.format(doc=module.doc) + "\n".join(lines)


def bodies(module: Module) -> set[str]:
    """The records that are sent, and not read."""
    operations = [operation for one in module.resources for operation in one.operations.values()]
    sent = closure(module, [operation.body for operation in operations])
    return sent - closure(module, [operation.item for operation in operations])


def closure(module: Module, types: list[wit.Type | None]) -> set[str]:
    """The records that these types are made of."""
    found: set[str] = set()
    todo = [ty for ty in types if ty is not None]
    while todo:
        ty = todo.pop()
        todo += ty.of
        if ty.name in module.records and ty.name not in found:
            found.add(ty.name)
            todo += [field.type for field in module.records[ty.name].fields]
    return found


def answers(module: Module) -> list[str]:
    """Which data class the records of an operation are."""
    operations = [operation for one in module.resources for operation in one.operations.values()]
    known = [one for one in operations if one.item is not None and one.item.name in module.records]
    rows = [f'    "{one.full}": {pascal(one.item.name)},' for one in known if one.item is not None]
    return ["_ANSWERS: dict[str, type[Any]] = {", *rows, "}", ""]


def facade(module: Module, asynchronous: bool) -> list[str]:
    """The class that has a module's resources; operations of the module itself are its own."""
    prefix, client = ("Async", "_AsyncClient") if asynchronous else ("", "_Client")
    own = next((one for one in module.resources if not one.name), None)
    base = f"({class_name(own, asynchronous)})" if own else ""
    named = [one for one in module.resources if one.name]
    lines = [f"class {prefix}{pascal(module.name)}Module{base}:", f'    """{module.doc}"""', ""]
    slots = "".join(f'"{snake(one.name)}", ' for one in named)
    lines += [f"    __slots__ = ({slots})", "", f"    def __init__(self, client: {client}) -> None:"]
    lines += ["        super().__init__(client)"] if own else []
    lines += [f"        self.{snake(one.name)} = {class_name(one, asynchronous)}(client)" for one in named]
    return [*lines, "", ""]


def client(vendor: Vendor) -> str:
    """The vendor's clients: a module is loaded when it is first asked for."""
    name, title = VENDORS[vendor.name]
    lines = [f'"""{title}, typed."""', "", "# Written by `sdk/generate` from `wit/`.", "from __future__ import annotations", ""]
    lines += ["from typing import TYPE_CHECKING", "", "from .._client import AsyncClient, Client", "", "if TYPE_CHECKING:"]
    for module in vendor.modules:
        class_ = f"{pascal(module.name)}Module"
        lines.append(f"    from .{snake(module.name)} import Async{class_}, {class_}")
    for asynchronous in (False, True):
        prefix = "Async" if asynchronous else ""
        how = "for asyncio" if asynchronous else "whose calls block"
        lines += ["", "", f"class {prefix}{name}({prefix}Client):", f'    """{title}: a client {how}."""', ""]
        lines += [f'    vendor = "{vendor.name}"', ""]
        for module in vendor.modules:
            class_ = f"{prefix}{pascal(module.name)}Module"
            at = snake(module.name)
            lines += ["    @property", f"    def {at}(self) -> {class_}:", f'        """{module.doc}"""']
            lines += [f"        from .{at} import {class_}", "", f"        return self._module({class_})", ""]
    return "\n".join(lines)
