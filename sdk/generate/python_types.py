"""Records and open enums as Python: data classes, and what reads them out of JSON."""

from __future__ import annotations

from .contract import Field, Module, OpenEnum, Record
from .python_names import accepted, decoded, doc, pascal, python, snake


def open_enum(enum: OpenEnum) -> list[str]:
    """A text of which some are known."""
    values = ", ".join(f'"{wire}"' for wire, _ in enum.cases)
    said = [f"- `{wire}`: {text}" for wire, text in enum.cases]
    return [f"{pascal(enum.name)}: TypeAlias = Literal[{values}] | str", *doc(enum.doc, "", said), ""]


def record(module: Module, record: Record, sent: bool) -> list[str]:
    """A data class, and what reads it. `sent` says that it is part of what is sent."""
    name = pascal(record.name)
    lines = ["@dataclass(slots=True, kw_only=True)", f"class {name}:", *doc(record.doc, "    "), ""]
    for field in record.fields:
        lines += [f"    {snake(field.name)}: {annotation(field, sent)}", *doc(field.doc, "    "), ""]
    if record.extra:
        said = "Further fields, by the vendor's names." if sent else "Fields that the contract does not know."
        lines += ["    extra: dict[str, Any] = _field(default_factory=dict)", f'    """{said}"""', ""]
    wires = "".join(f'("{snake(field.name)}", "{field.wire}"), ' for field in record.fields)
    lines += ["", f"_register({name}, ({wires}))", ""]
    return lines if sent else lines + reading(module, record)


def nullable(field: Field) -> bool:
    """Whether absent and null are two things."""
    return field.type.name == "option" and field.type.of[0].name == "option"


def annotation(field: Field, sent: bool) -> str:
    """Type and default."""
    if nullable(field):
        return f"{accepted(field.type.of[0])} | Unset = UNSET"
    ty = accepted(field.type) if sent else python(field.type)
    if field.required:
        return ty
    if field.type.name == "option":
        return f"{ty} = None"
    return f"{ty} = ()" if sent else f"{ty} = _field(default_factory=list)"


def reading(module: Module, record: Record) -> list[str]:
    """The function that reads a record."""
    name = snake(record.name)
    lines = [f"def _read_{name}(o: Any) -> {pascal(record.name)}:", f"    r: {pascal(record.name)} = _new({pascal(record.name)})", "    g = o.get"]
    for field in record.fields:
        lines += assignment(module, field)
    keys = ", ".join(f'"{field.wire}"' for field in record.fields)
    if record.extra:
        lines.append(f"    r.extra = {{}} if o.keys() <= _KEYS_{name} else {{k: o[k] for k in o if k not in _KEYS_{name}}}")
    return [f"_KEYS_{name} = frozenset(({keys}{',' if keys else ''}))", "", "", *lines, "    return r", "", ""]


def assignment(module: Module, field: Field) -> list[str]:
    """Reads a field."""
    name, wire = snake(field.name), field.wire
    value = decoded(field.type, "v", module)
    if field.required:
        return [f'    v = o["{wire}"]', f"    r.{name} = {value or 'v'}"]
    if field.type.name == "list":
        return [f'    v = g("{wire}")', f"    r.{name} = {value or 'v'} if v else []"]
    if not value:
        return [f'    r.{name} = g("{wire}")']
    return [f'    v = g("{wire}")', f"    r.{name} = None if v is None else {value}"]
