"""How names and types of the contract are written in Python."""

from __future__ import annotations

import keyword

from . import wit
from .contract import Module

# Names that a generated module imports.
TAKEN = {"Any", "AsyncDownload", "AsyncListing", "CallOptions", "Decimal", "Download", "List", "Listing", "Literal", "Mapping", "Page", "Sequence", "Source"}

PRIMITIVES = {
    "bool": "bool",
    "s32": "int",
    "s64": "int",
    "u32": "int",
    "u64": "int",
    "f64": "float",
    "string": "str",
    "json": "Any",
    "decimal": "Decimal",
    "instant": "_datetime.datetime",
    "date": "_datetime.date",
}


def snake(kebab: str) -> str:
    """A field, a parameter or a method."""
    name = kebab.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def pascal(kebab: str) -> str:
    """A class."""
    name = "".join(word.capitalize() for word in kebab.split("-"))
    return f"{name}_" if name in TAKEN or keyword.iskeyword(name) else name


def python(ty: wit.Type) -> str:
    """A type as an annotation of what is read."""
    if ty.name == "option":
        return f"{python(ty.of[0])} | None"
    if ty.name == "list":
        return f"List[{python(ty.of[0])}]"
    return PRIMITIVES.get(ty.name) or pascal(ty.name)


def accepted(ty: wit.Type) -> str:
    """A type as an annotation of what is given: any sequence will do for a list."""
    if ty.name == "option":
        return f"{accepted(ty.of[0])} | None"
    if ty.name == "list":
        return f"Sequence[{accepted(ty.of[0])}]"
    return python(ty)


def decoded(ty: wit.Type, value: str, module: Module) -> str:
    """An expression that makes a value of what JSON has. None where the two are the same."""
    if ty.name == "option":
        return decoded(ty.of[0], value, module)
    if ty.name == "list":
        inner = decoded(ty.of[0], "x", module)
        return f"[{inner} for x in {value}]" if inner else ""
    if ty.name in ("instant", "date", "decimal"):
        return f"_{ty.name}({value})"
    if ty.name == "f64":
        return f"float({value})"
    return f"_read_{snake(ty.name)}({value})" if ty.name in module.records else ""


def reader(ty: wit.Type | None, module: Module) -> str:
    """A function that makes a value of what JSON has."""
    if ty is None:
        return "_nothing"
    inner = decoded(ty, "v", module)
    if not inner:
        return "_same"
    if inner == f"_read_{snake(ty.name)}(v)":
        return f"_read_{snake(ty.name)}"
    return f"lambda v: {inner}"


def doc(text: str, indent: str, more: list[str] | None = None) -> list[str]:
    """A doc string."""
    lines = text.replace("\\", "\\\\").replace('"""', "'''").split("\n") if text else ["."]
    if more:
        lines += ["", *more]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}" if line else "" for line in lines[1:]), f'{indent}"""']
