"""Arrow and pandas."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa

from penstock import ServiceTitan


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
