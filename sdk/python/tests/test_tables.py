"""Arrow and pandas."""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import pkgutil
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

import pyarrow as pa
import pytest

import penstock.servicetitan
from penstock import ServiceTitan, _tables


def test_an_arrow_table_has_the_types_of_the_contract_and_exact_money(titan: ServiceTitan) -> None:
    jobs = list(titan.jpm.jobs.list())
    table = titan.jpm.jobs.list().to_arrow()
    assert table.num_rows == len(jobs)
    assert table.schema.field("id").type == pa.int64()
    assert table.schema.field("created_on").type == pa.timestamp("us", "UTC")
    assert pa.types.is_decimal(table.schema.field("total").type)
    assert table["total"].to_pylist() == [job.total for job in jobs]
    assert table["created_on"].to_pylist() == [job.created_on for job in jobs]
    assert table["external_data"].to_pylist()[0] == [{"key": one.key, "value": one.value, "extra": None} for one in jobs[0].external_data]


def test_a_data_frame_has_them_too(titan: ServiceTitan) -> None:
    frame = titan.jpm.jobs.list(job_status="Completed").to_pandas()
    assert str(frame.dtypes["id"]) == "Int64" and str(frame.dtypes["created_on"]) == "datetime64[us, UTC]"
    assert isinstance(sum(frame["total"].dropna()), Decimal)
    assert set(frame["job_status"]) == {"Completed"}
    empty = titan.jpm.jobs.list(number="no such").to_pandas()
    assert len(empty) == 0 and str(empty.dtypes["id"]) == "Int64"


def filled(hint: Any, decimals: int, depth: int = 0) -> Any:
    """A value of a type, with something in every field and list."""
    origin = get_origin(hint)
    if origin is list:
        return [filled(get_args(hint)[0], decimals, depth)] * 2
    if dataclasses.is_dataclass(hint):
        made: Any = object.__new__(hint)  # type: ignore[type-var]
        hints = get_type_hints(hint)
        for field in dataclasses.fields(hint):
            setattr(made, field.name, {"more": [1]} if field.name == "extra" else filled(hints[field.name], decimals, depth + 1))
        return made
    if origin is not None:
        return filled(str if str in get_args(hint) else get_args(hint)[0], decimals, depth)
    now = datetime.datetime.now(datetime.timezone.utc)
    known = {bool: True, int: 7, float: 0.5, str: "x", datetime.datetime: now, datetime.date: now.date(), Decimal: Decimal(1).scaleb(-decimals)}
    return known.get(hint, {"any": ["json"]})


def rows() -> list[type[Any]]:
    modules = [importlib.import_module(f"penstock.servicetitan.{one.name}") for one in pkgutil.iter_modules(penstock.servicetitan.__path__)]
    return list({row for module in modules for row in module._ANSWERS.values()})


def test_every_record_of_the_contract_fits_its_table_and_the_schema_is_that_of_the_contract() -> None:
    count = 0
    for row in rows():
        tables = [_tables.arrow([filled(row, decimals)] * number, row) for number, decimals in ((0, 0), (1, 2), (2, 12))]
        assert tables[0].schema == tables[1].schema == tables[2].schema, row
        assert _tables.arrow([row_of_nothing(row)], row).num_rows == 1
        assert len(_tables.pandas([filled(row, 2)], row)) == 1
        count += 1
    assert count > 200


def row_of_nothing(row: type[Any]) -> Any:
    made = filled(row, 0)
    for name, hint in get_type_hints(row).items():
        setattr(made, name, {} if name == "extra" else [] if get_origin(hint) is list else None)
    return made


def test_lists_and_any_json_keep_their_values(titan: ServiceTitan) -> None:
    kinds = list(titan.jpm.job_types.list())
    table = titan.jpm.job_types.list().to_arrow()
    assert table["skills"].to_pylist() == [kind.skills for kind in kinds] and any(kind.skills for kind in kinds)
    assert table.schema.field("skills").type == pa.list_(pa.string())


def test_an_amount_with_more_decimals_is_never_rounded(titan: ServiceTitan) -> None:
    with pytest.raises(ValueError, match=r"total: .*to_arrow\(scale"):
        titan.jpm.jobs.list().to_arrow(scale=0)
    table = titan.jpm.jobs.list().to_arrow(scale=14)
    assert table.schema.field("total").type == pa.decimal128(38, 14)
