"""How names and types of the contract are written in TypeScript."""

from __future__ import annotations

from . import wit

# Names that a generated module has of elsewhere.
TAKEN = {
    "Array", "CallOptions", "Client", "Date", "Download", "Error", "ListOptions", "Listing", "Map", "Object", "Page",
    "PageOptions", "Promise", "Record", "Settings", "String", "Upload",
}  # fmt: skip

PRIMITIVES = {
    "bool": "boolean",
    "s32": "number",
    "s64": "number",
    "u32": "number",
    "u64": "number",
    "f64": "number",
    "string": "string",
    "json": "unknown",
    "decimal": "string",
    "instant": "string",
    "date": "string",
}


def camel(kebab: str) -> str:
    """A property or a method."""
    first, *rest = kebab.split("-")
    return first + "".join(map(str.capitalize, rest))


def pascal(kebab: str) -> str:
    """A type or a class."""
    name = "".join(map(str.capitalize, kebab.split("-")))
    return f"{name}_" if name in TAKEN else name


def typescript(ty: wit.Type, sent: bool = False) -> str:
    """A type, of what is read or of what is sent."""
    if ty.name == "option":
        return typescript(ty.of[0], sent)
    if ty.name == "list":
        inner = typescript(ty.of[0], sent)
        inner = f"({inner})" if "|" in inner else inner
        return f"readonly {inner}[]" if sent else f"{inner}[]"
    if sent and ty.name == "instant":
        return "string | Date"
    return PRIMITIVES.get(ty.name) or pascal(ty.name)


def comment(text: str, indent: str, more: list[str] | None = None) -> list[str]:
    """A doc comment."""
    lines = [*(text.split("\n") if text else []), *([""] if text and more else []), *(more or [])]
    lines = [line.replace("*/", "*\\/") for line in lines]
    if not lines:
        return []
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]
