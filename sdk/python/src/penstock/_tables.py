"""Records as tables: Arrow and pandas, both optional."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from ._values import encoded

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


# How many decimals amounts have in Arrow. The contract says that they are exact, and not how many there are; a table must not
# have one schema today and another tomorrow.
SCALE = 18


def arrow(records: list[Any], row: type[Any] | None, scale: int = SCALE) -> pa.Table:
    """An Arrow table: a column for each field, of the type that the contract says."""
    import pyarrow as pa

    if row is None:
        return pa.Table.from_pylist(records)
    columns = {}
    for name, hint in columns_of(row):
        ty, made = arrow_type(hint, scale), converter(hint)
        try:
            columns[name] = pa.array([made(getattr(record, name)) for record in records], ty)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{name}: {error}. to_arrow(scale=...) says how many decimals amounts may have: here {scale}") from error
    return pa.table(columns)


def columns_of(row: type[Any]) -> list[tuple[str, Any]]:
    """The fields of a data class, and their types; `extra` is a text of JSON."""
    hints = get_type_hints(row)
    return [(field.name, Extra if field.name == "extra" else hints[field.name]) for field in dataclasses.fields(row)]


class Extra:
    """The type of what the contract does not know."""


@cache
def converter(hint: Any) -> Callable[[Any], Any]:
    """Makes of a value what Arrow takes for its type. What may be any JSON is a text of it."""
    ty = core(hint)
    if ty is Extra:
        return json_text
    if get_origin(ty) is list:
        inner = converter(get_args(ty)[0])
        return lambda value: None if value is None else [inner(one) for one in value]
    if dataclasses.is_dataclass(ty):
        fields = [(name, converter(hint)) for name, hint in columns_of(ty)]  # type: ignore[arg-type]
        return lambda value: None if value is None else {name: made(getattr(value, name)) for name, made in fields}
    if ty in SIMPLE:
        return lambda value: value
    return lambda value: None if value is None else json.dumps(value)


def pandas(records: list[Any], row: type[Any] | None) -> pd.DataFrame:
    """A data frame: a column for each field. Numbers that may be missing are pandas' own nullable ones."""
    import pandas as pd

    if row is None:
        return pd.DataFrame.from_records(records)
    hints = get_type_hints(row)
    columns: dict[str, Any] = {}
    for field in dataclasses.fields(row):
        values = [plain(getattr(record, field.name)) for record in records]
        columns[field.name] = pd.Series(values, dtype=pandas_type(hints[field.name]))
    return pd.DataFrame(columns)


def json_text(value: dict[str, Any]) -> str | None:
    """The fields that the contract does not know, as JSON."""
    return json.dumps(value) if value else None


def plain(value: Any) -> Any:
    """Data classes as mappings by field name."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return json_text(value)
    return value


def core(hint: Any) -> Any:
    """A type without None; a text of which some are known is a text."""
    if get_origin(hint) is list:
        return hint
    args = [one for one in get_args(hint) if one is not type(None)]
    if str in args:
        return str
    return core(args[0]) if args else hint


SIMPLE = (bool, int, float, str, datetime.datetime, datetime.date, Decimal)


def arrow_type(hint: Any, scale: int) -> Any:
    """The Arrow type of a field."""
    import pyarrow as pa

    ty = core(hint)
    if ty in SIMPLE:
        known = (pa.bool_(), pa.int64(), pa.float64(), pa.string(), pa.timestamp("us", "UTC"), pa.date32(), pa.decimal128(38, scale))
        return known[SIMPLE.index(ty)]
    if get_origin(ty) is list:
        return pa.list_(arrow_type(get_args(ty)[0], scale))
    if dataclasses.is_dataclass(ty):
        return pa.struct([(name, arrow_type(hint, scale)) for name, hint in columns_of(ty)])  # type: ignore[arg-type]
    return pa.string()


def pandas_type(hint: Any) -> Any:
    """The type of a column in pandas."""
    names = {bool: "boolean", int: "Int64", float: "Float64", str: "string", datetime.datetime: "datetime64[us, UTC]"}
    return names.get(core(hint), "object")


__all__ = ["arrow", "encoded", "pandas"]
