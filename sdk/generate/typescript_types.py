"""Records and open enums as TypeScript."""

from __future__ import annotations

from . import wit
from .contract import Field, Module, OpenEnum, Record
from .typescript_names import comment, pascal, typescript


def open_enum(enum: OpenEnum) -> list[str]:
    """A text of which some are known."""
    values = " | ".join(f"'{wire}'" for wire, _ in enum.cases)
    said = [f"- `{wire}`: {text}" for wire, text in enum.cases]
    return [*comment(enum.doc, "", said), f"export type {pascal(enum.name)} = {values} | (string & {{}});", ""]


def record(module: Module, record: Record, sent: bool) -> list[str]:
    """An interface. `sent` says that it is part of what is sent, where lists may be left out too."""
    lines = [*comment(record.doc, ""), f"export interface {pascal(record.name)} {{"]
    for field in record.fields:
        lines += [*comment(field.doc, "  "), f"  {key(field, sent)}: {value(field.type, sent)};"]
    return [*lines, "}", ""]


def key(field: Field, sent: bool) -> str:
    """A name; with a question mark if it may be left out, or may not be there."""
    optional = not field.required and (sent or field.type.name == "option")
    name = field.wire if field.wire.isidentifier() else f"'{field.wire}'"
    return f"{name}{'?' if optional else ''}"


def value(ty: wit.Type, sent: bool) -> str:
    """A type; null where that says something else than leaving it out."""
    null = " | null" if ty.name == "option" and ty.of[0].name == "option" else ""
    return typescript(ty, sent) + null
