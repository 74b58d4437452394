"""Writes the vendors' part of the Node package: a TypeScript module for each interface, and a client for each vendor.

Records keep the vendor's own names, since they are the JSON that the component gives, as it is.
"""

from __future__ import annotations

from pathlib import Path

from .contract import Module, Vendor
from .python import bodies, closure
from .typescript_names import camel, comment, pascal
from .typescript_operations import class_name, resource
from .typescript_types import open_enum, record

HEAD = """// Written by `sdk/generate` from `wit/`.
import {{ type Client, connected }} from '../client.js';
import type {{ Download, Upload }} from '../files.js';
import type {{ Listing }} from '../listing.js';
import type {{ CallOptions, ListOptions, PageOptions }} from '../options.js';
import type {{ Page }} from '../pages.js';
import type {{ Settings }} from '../settings.js';

"""

VENDORS = {"servicetitan": "ServiceTitan", "asleep": "Asleep"}


def write(vendors: list[Vendor], folder: Path) -> None:
    """Writes into the package's folder."""
    for vendor in vendors:
        place = folder / vendor.name
        place.mkdir(parents=True, exist_ok=True)
        for module in vendor.modules:
            (place / f"{module.name}.ts").write_text(written(module), encoding="utf-8")
        (place / "index.ts").write_text(client(vendor), encoding="utf-8")


def written(module: Module) -> str:
    """The text of a module."""
    operations = [operation for one in module.resources for operation in one.operations.values()]
    queries = {operation.query.name for operation in operations if operation.query}
    sent = bodies(module) | queries | closure(module, [operation.body for operation in operations])
    lines: list[str] = []
    for enum in module.enums.values():
        lines += open_enum(enum)
    for one in module.records.values():
        lines += record(module, one, one.name in sent)
    for one in module.resources:
        lines += resource(module, one)
    return HEAD.format() + "\n".join(lines + facade(module))


def facade(module: Module) -> list[str]:
    """The class that has a module's resources; operations of the module itself are its own."""
    own = next((one for one in module.resources if not one.name), None)
    named = [one for one in module.resources if one.name]
    name = pascal(module.name)
    lines = [*comment(module.doc, ""), f"export class {name}{f' extends {class_name(own)}' if own else ''} {{"]
    for one in named:
        lines += [f"  readonly {camel(one.name)}: {class_name(one)};"]
    lines += ["", "  /** From settings, or from a client that others use too. */", "  constructor(from?: Settings | Client) {"]
    lines += ["    const client = connected(from);"]
    lines += ["    super(client);"] if own else []
    lines += [f"    this.{camel(one.name)} = new {class_name(one)}(client);" for one in named]
    return [*lines, "  }", "}", ""]


def client(vendor: Vendor) -> str:
    """The vendor's client."""
    name = VENDORS[vendor.name]
    lines = ["// Written by `sdk/generate` from `wit/`.", "import { Client } from '../client.js';"]
    lines += ["import type { ClientOptions } from '../client.js';", "import type { Settings } from '../settings.js';"]
    lines += [f"import {{ {pascal(module.name)} }} from './{module.name}.js';" for module in vendor.modules]
    lines += ["", f"/** {name}: all modules, over one client. */", f"export class {name} extends Client {{"]
    for module in vendor.modules:
        lines += [*comment(module.doc, "  "), f"  readonly {camel(module.name)}: {pascal(module.name)};"]
    lines += ["", "  constructor(settings?: Settings, options?: ClientOptions) {", "    super(settings, options);"]
    lines += [f"    this.{camel(module.name)} = new {pascal(module.name)}(this);" for module in vendor.modules]
    return "\n".join([*lines, "  }", "}", ""])
