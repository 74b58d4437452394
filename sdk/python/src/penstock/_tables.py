"""Records as tables: Arrow and pandas, both optional."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from ._values import encoded

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def arrow(records: list[Any], row: type[Any] | None) -> pa.Table:
    """An Arrow table: a column for each field, of the type that the contract says."""
    import pyarrow as pa

    if row is None:
        return pa.Table.from_pylist(records)
    hints = get_type_hints(row)
    columns = {}
    for field in dataclasses.fields(row):
        values = [getattr(record, field.name) for record in records]
        if field.name == "extra":
            columns[field.name] = pa.array([json_text(value) for value in values], pa.string())
        else:
            ty = arrow_type(hints[field.name], scale(values))
            columns[field.name] = pa.array([plain(value) for value in values], ty)
    return pa.table(columns)


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
    import json

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
    args = [one for one in get_args(hint) if one is not type(None)]
    if str in args:
        return str
    if get_origin(hint) is list or not args:
        return hint
    return core(args[0])


def scale(value: Any) -> int:
    """The most digits behind a point."""
    if isinstance(value, Decimal):
        return max(0, -int(value.as_tuple().exponent))
    if isinstance(value, list):
        return max(map(scale, value), default=0)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return max((scale(getattr(value, field.name)) for field in dataclasses.fields(value)), default=0)
    return 0


def arrow_type(hint: Any, digits: int) -> Any:
    """The Arrow type of a field."""
    import pyarrow as pa

    ty = core(hint)
    simple = {
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        str: pa.string(),
        datetime.datetime: pa.timestamp("us", "UTC"),
        datetime.date: pa.date32(),
        Decimal: pa.decimal128(38, digits),
    }
    if ty in simple:
        return simple[ty]
    if get_origin(ty) is list:
        return pa.list_(arrow_type(get_args(ty)[0], digits))
    if dataclasses.is_dataclass(ty):
        hints = get_type_hints(ty)
        return pa.struct([(f.name, pa.string() if f.name == "extra" else arrow_type(hints[f.name], digits)) for f in dataclasses.fields(ty)])
    return pa.string()


def pandas_type(hint: Any) -> Any:
    """The type of a column in pandas."""
    names = {bool: "boolean", int: "Int64", float: "Float64", str: "string", datetime.datetime: "datetime64[us, UTC]"}
    return names.get(core(hint), "object")


__all__ = ["arrow", "encoded", "pandas"]
