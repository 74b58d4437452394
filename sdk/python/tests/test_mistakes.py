"""What a caller may get wrong: it is said by name, and nothing is sent, lost or taken for something else."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Vendor

from penstock import AsyncServiceTitan, CallOptions, PenstockError, ServiceTitan
from penstock.servicepytan import HTTPError


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_failure_can_be_copied_and_sent_to_another_process(titan: ServiceTitan, way: Callable[[Any], Any]) -> None:
    for call in (lambda: titan.jpm.jobs.get(1), lambda: titan.invoke("jpm.jobs-get", {"id": "x"})):
        with pytest.raises(PenstockError) as raised:
            call()
        for error in (raised.value, HTTPError(raised.value)):
            other = way(error)
            assert type(other) is type(error) and str(other) == str(error) and repr(other) == repr(error)
            for name in ("kind", "outcome", "retry", "operation", "status", "fields", "attempts", "call_id", "resume"):
                assert getattr(other, name) == getattr(error, name)
            if isinstance(error, HTTPError):
                assert other.response.status_code == error.response.status_code


@pytest.mark.parametrize("before", ["next", "break", "read", "close"])
def test_a_part_of_a_file_is_never_taken_for_the_whole(titan: ServiceTitan, tmp_path: Path, before: str) -> None:
    path = tmp_path / "call.mp3"
    path.write_bytes(b"kept")
    download = titan.telecom.calls.download_recording(next(iter(titan.telecom.calls.list())).id)
    if before == "next":
        assert download.next()
    elif before == "break":
        for _ in download:
            break
    elif before == "read":
        assert len(download.read()) == 100_000
    else:
        download.close()
    for again in (download.read, lambda: download.save(path)):
        with pytest.raises(RuntimeError, match="ask for it again"):
            again()
    if before == "next":
        assert 0 < len(b"".join(download)) < 100_000
    with pytest.raises(RuntimeError, match="ask for it again"):
        list(download)
    assert path.read_bytes() == b"kept" and [file.name for file in tmp_path.iterdir()] == ["call.mp3"]


def test_nor_is_it_in_asyncio(vendors: Vendor, tmp_path: Path) -> None:
    import asyncio

    async def main() -> None:
        async with AsyncServiceTitan(vendors("--jobs", "2000")) as titan:
            call = (await titan.telecom.calls.page(page_size=1)).items[0]
            download = await titan.telecom.calls.download_recording(call.id)
            async for _ in download:
                break
            for again in (download.read, lambda: download.save(tmp_path / "a")):
                with pytest.raises(RuntimeError, match="ask for it again"):
                    await again()
            with pytest.raises(RuntimeError, match="ask for it again"):
                async for _ in download:
                    pass
            assert not list(tmp_path.iterdir())
            jobs = titan.jpm.jobs.list()
            async for _ in jobs:
                break
            for once_more in (jobs.__aiter__, jobs.iter_batches):
                with pytest.raises(RuntimeError, match="resume=listing.resume"):
                    once_more()
            with pytest.raises(RuntimeError, match="resume=listing.resume"):
                await jobs.to_pandas()

    asyncio.run(main())


def left(jobs: Any) -> None:
    for _ in jobs:
        break


def failed(jobs: Any) -> None:
    with pytest.raises(LookupError):
        for _ in jobs:
            raise LookupError


@pytest.mark.parametrize("before", [left, failed, list, lambda jobs: next(iter(jobs)), lambda jobs: left(jobs.iter_batches())])
def test_a_list_that_was_begun_does_not_begin_anew(titan: ServiceTitan, before: Callable[[Any], object]) -> None:
    jobs = titan.jpm.jobs.list(options=CallOptions(page_size=100))
    before(jobs)
    for again in (lambda: iter(jobs), jobs.iter_batches, jobs.to_arrow, jobs.to_pandas):
        with pytest.raises(RuntimeError, match="resume=listing.resume"):
            again()


def test_a_list_that_was_closed_is_not_empty(titan: ServiceTitan) -> None:
    jobs = titan.jpm.jobs.list()
    jobs.close()
    with pytest.raises(RuntimeError, match="closed"):
        list(jobs)
    rest = iter(other := titan.jpm.jobs.list(options=CallOptions(page_size=5)))
    next(rest)
    other.close()
    with pytest.raises(RuntimeError, match="closed"):
        list(rest)


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"deadline_ms": "2"}, "deadline_ms"),
    ({"deadline_ms": 2000.0}, "deadline_ms"),
    ({"deadline_ms": True}, "deadline_ms"),
    ({"deadline_ms": -1}, "deadline_ms"),
    ({"on_misfit": "x"}, "on_misfit"),
    ({"account": 7}, "account"),
    ({"correlation_id": 7}, "correlation_id"),
    ({"fresh": "no"}, "fresh"),
    ({"fresh": None}, "fresh"),
    ({"page_size": 2**32 + 100}, "page_size"),
    ({"page_size": 0}, "page_size"),
    ({"window": 1.5}, "window"),
]


def bad(call: Callable[[], object]) -> list[str]:
    with pytest.raises(PenstockError) as raised:
        call()
    assert (raised.value.kind, raised.value.outcome) == ("bad-input", "not-sent")
    assert all(one.message for one in raised.value.fields)
    return [one.field for one in raised.value.fields]


@pytest.mark.parametrize(("given", "field"), OPTIONS)
def test_options_of_no_use_are_named(titan: ServiceTitan, given: dict[str, Any], field: str) -> None:
    options = CallOptions(**given)
    assert bad(lambda: titan.jpm.jobs.get(1, options=options)) == [field]
    assert bad(lambda: titan.jpm.jobs.list(options=options)) == [field]
    assert bad(lambda: titan.telecom.calls.download_recording(1, options=options)) == [field]


def test_other_arguments_of_no_use_are_named(titan: ServiceTitan) -> None:
    anything: Any = titan
    assert bad(lambda: anything.jpm.jobs.get(1, options={"deadline_ms": 2})) == ["options"]
    assert bad(lambda: anything.jpm.jobs.list(resume=7)) == ["resume"]
    assert bad(lambda: anything.invoke(7)) == ["operation"]
    assert bad(lambda: anything.ready(7)) == ["account"]
    for file in ([1, 2], 7, io.StringIO("text"), ["text"], None):
        assert bad(lambda: anything.pricebook.images.upload(file, file_name="a.png")) == ["file"]
    assert bad(lambda: anything.pricebook.images.upload(b"a", file_name=7, content_type=7, length=-1)) == ["file_name", "content_type", "length"]
    with pytest.raises(FileNotFoundError):
        titan.pricebook.images.upload("no such file", file_name="a.png")
    assert titan.pricebook.images.upload(bytearray(b"abc"), file_name="a.png", content_type="image/png") is not None


async def a_vault(_name: str) -> str:
    return "x"


@pytest.mark.parametrize("value", [7, b"x", ["x"]])
def test_settings_that_are_no_texts_are_named_and_not_repeated(vendors: Vendor, value: object) -> None:
    settings: Any = vendors("--jobs", "2000") | {"SERVICETITAN_TENANT_ID": value}
    for given in (settings, settings.get):
        with pytest.raises(PenstockError) as raised:
            ServiceTitan(given).jpm.jobs.page()
        assert (raised.value.kind, raised.value.fields[0].field) == ("configuration", "SERVICETITAN_TENANT_ID")
        assert type(value).__name__ in str(raised.value) and repr(value) not in str(raised.value)


def test_a_function_of_settings_must_not_be_async() -> None:
    given: Any = a_vault
    with pytest.raises(PenstockError, match="async") as raised:
        ServiceTitan(given).jpm.jobs.page()
    assert raised.value.kind == "configuration"
    given = 7
    assert bad(lambda: ServiceTitan(given)) == ["settings"]
