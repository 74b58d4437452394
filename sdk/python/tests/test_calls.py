"""Single calls: values, failures, writes, files, credentials."""

from __future__ import annotations

import datetime
import io
import logging
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Vendor
from silent import Silent

from penstock import CallOptions, PenstockError, ServiceTitan
from penstock._values import encoded
from penstock.servicetitan.jpm import CreateJobType, UpdateJob


def test_values_have_the_types_that_the_contract_says(titan: ServiceTitan) -> None:
    first = next(iter(titan.jpm.jobs.list(job_status="Completed")))
    job = titan.jpm.jobs.get(first.id)
    assert job == first
    assert isinstance(job.total, Decimal) and job.job_status == "Completed"
    assert job.created_on is not None and job.created_on.utcoffset() == datetime.timedelta(0)
    raw = titan.invoke("jpm.jobs-get", {"id": job.id}).body
    assert str(job.total) == raw["total"]


def test_parameters_arrive(titan: ServiceTitan) -> None:
    some = [job.id for job in titan.jpm.jobs.page(page_size=5).items]
    assert [job.id for job in titan.jpm.jobs.list(ids=some[1:4])] == some[1:4]
    since = datetime.datetime(2025, 6, 1, tzinfo=datetime.timezone.utc)
    recent = list(titan.jpm.jobs.list(created_on_or_after=since))
    assert recent and all(job.created_on is not None and job.created_on >= since for job in recent)
    with pytest.raises(ValueError, match="no time zone"):
        titan.jpm.jobs.list(created_on_or_after=datetime.datetime(2025, 6, 1))


def test_absent_null_and_a_value_are_three_things() -> None:
    assert encoded(UpdateJob(summary="x")) == {"summary": "x"}
    assert encoded(UpdateJob(job_generated_lead_source=None)) == {"jobGeneratedLeadSource": None}
    time = datetime.datetime(2026, 7, 1, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-4)))
    assert encoded([time, Decimal("1E+2"), Decimal("12.30")]) == ["2026-07-01T13:30:00Z", "100", "12.30"]


def test_a_write_returns_what_was_made(titan: ServiceTitan) -> None:
    made = titan.jpm.job_types.create(CreateJobType(name="Repair"))
    assert titan.jpm.job_types.get(made.id).name == "Repair"
    again = titan.jpm.job_types.create({"name": "Inspection"})
    assert again.id != made.id


def test_a_failure_says_what_and_whether_it_took_effect(titan: ServiceTitan, vendors: Vendor) -> None:
    with pytest.raises(PenstockError, match="not found") as raised:
        titan.jpm.jobs.get(1)
    error = raised.value
    assert (error.kind, error.outcome, error.status, error.retry.when) == ("not-found", "not-applied", 404, "never")
    assert (error.operation, error.attempts[0].status) == ("jpm.jobs-get", 404) and error.call_id
    with pytest.raises(PenstockError) as raised:
        titan.invoke("jpm.jobs-get", {"id": "x"})
    assert raised.value.kind == "bad-input" and raised.value.fields[0].field == "id"
    reader = ServiceTitan(vendors("--jobs", "2000") | {"PENSTOCK_ROLE": "read-only"})
    with pytest.raises(PenstockError) as raised:
        reader.jpm.job_types.create(CreateJobType(name="Repair"))
    assert (raised.value.kind, raised.value.outcome) == ("role", "not-sent")


def test_a_write_that_nobody_answers_is_sent_once_and_its_outcome_is_unknown(silent: Silent) -> None:
    with pytest.raises(PenstockError) as raised:
        ServiceTitan(silent.settings).jpm.job_types.create(CreateJobType(name="Repair"))
    assert raised.value.outcome == "unknown"
    assert silent.read == ["POST /jpm/v2/tenant/7/job-types"]


def test_a_refused_connection_proves_that_nothing_was_sent(silent: Silent) -> None:
    silent.close()
    with pytest.raises(PenstockError) as raised:
        ServiceTitan(silent.settings).jpm.job_types.create(CreateJobType(name="Repair"))
    assert raised.value.outcome == "not-sent"


def test_files_come_whole(titan: ServiceTitan, tmp_path: Path) -> None:
    call = next(iter(titan.telecom.calls.list()))
    download = titan.telecom.calls.download_recording(call.id)
    assert download.content_type == "audio/mpeg" and download.length == 100_000
    content = download.read()
    path = tmp_path / "call.mp3"
    assert titan.telecom.calls.download_recording(call.id).save(path) == 100_000
    assert path.read_bytes() == content and [file.name for file in tmp_path.iterdir()] == ["call.mp3"]
    pieces = iter(titan.telecom.calls.download_recording(call.id))
    assert content.startswith(next(pieces))


@pytest.mark.parametrize("kind", ["bytes", "file", "path", "iterable"])
def test_files_are_sent_from_wherever_they_are(titan: ServiceTitan, tmp_path: Path, kind: str) -> None:
    content = bytes(range(256)) * 1000
    (tmp_path / "a.png").write_bytes(content)
    sources = {"bytes": content, "file": io.BytesIO(content), "path": tmp_path / "a.png", "iterable": iter([content[:9], content[9:]])}
    stored = titan.pricebook.images.upload(sources[kind], file_name="a.png", content_type="image/png")
    assert stored is not None
    with pytest.raises(PenstockError) as raised:
        titan.pricebook.images.upload(b"half", file_name="a.png", length=8)
    assert raised.value.kind == "bad-input"


def test_credentials_come_from_a_function_and_its_exception_goes_through(vendors: Vendor) -> None:
    settings = vendors("--jobs", "2000")

    def vault(name: str) -> str | None:
        if "SERVICETITAN_CLIENT_SECRET" == name and asked.append(name) is None and len(asked) == 1:
            raise LookupError("the vault is shut")
        return settings.get(name)

    asked: list[str] = []
    titan = ServiceTitan(vault)
    with pytest.raises(LookupError, match="the vault is shut"):
        titan.jpm.jobs.page()
    assert titan.jpm.jobs.page().items


def test_credentials_come_from_the_environment_and_its_files(vendors: Vendor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in vendors("--jobs", "2000").items():
        monkeypatch.setenv(name, value)
    secret = tmp_path / "secret"
    secret.write_text(vendors("--jobs", "2000")["SERVICETITAN_CLIENT_SECRET"] + "\n", encoding="utf-8")
    monkeypatch.delenv("SERVICETITAN_CLIENT_SECRET")
    assert [line.split(":")[0] for line in ServiceTitan().ready()] == ["SERVICETITAN_CLIENT_SECRET"]
    monkeypatch.setenv("SERVICETITAN_CLIENT_SECRET_FILE", str(secret))
    assert ServiceTitan().ready() == [] and ServiceTitan().jpm.jobs.page().items


def test_log_lines_are_records_of_logging(titan: ServiceTitan, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="penstock"):
        titan.jpm.jobs.page(options=CallOptions(correlation_id="order-7"))
    call = next(record for record in caplog.records if record.getMessage().startswith("call "))
    assert call.levelno == logging.INFO and "operation=jpm.jobs-list" in call.getMessage()
    assert "cs2." not in caplog.text


def test_what_can_be_cleared_is_cleared_and_what_cannot_is_said_by_name(titan: ServiceTitan) -> None:
    job = titan.jpm.jobs.page(page_size=1).items[0]
    assert titan.jpm.jobs.update(job.id, UpdateJob(summary="kept", job_generated_lead_source=None)).summary == "kept"
    assert encoded(UpdateJob(summary=None)) == {}
    with pytest.raises(PenstockError) as raised:
        titan.jpm.jobs.update(job.id, {"summary": None})
    assert raised.value.kind == "bad-input" and [one.field for one in raised.value.fields] == ["summary"]
