"""Calls that wait for an instance: their deadlines count it, and what nobody waits for is never sent."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Vendor
from silent import Silent

from penstock import AsyncServiceTitan, CallOptions, PenstockError, ServiceTitan

SHORT = CallOptions(deadline_ms=300, fresh=True)


def slow(titan: ServiceTitan) -> object:
    return titan.jpm.jobs.page(page_size=1, options=CallOptions(fresh=True))


def test_a_deadline_counts_the_wait_for_an_instance(vendors: Vendor) -> None:
    titan = ServiceTitan(vendors("--jobs", "2000", "--latency", "1500"))
    slow(titan)
    with ThreadPoolExecutor() as threads:
        other = threads.submit(slow, titan)
        time.sleep(0.2)
        for call in (lambda: titan.jpm.jobs.get(50000003, options=SHORT), lambda: list(titan.jpm.jobs.list(options=SHORT))):
            began = time.monotonic()
            with pytest.raises(PenstockError) as raised:
                call()
            assert (raised.value.kind, raised.value.outcome, raised.value.retry.when) == ("timeout", "not-sent", "later")
            assert raised.value.operation in ("jpm.jobs-get", "jpm.jobs-list") and time.monotonic() - began < 0.6
        other.result()
        other = threads.submit(slow, titan)
        time.sleep(0.2)
        # Of 2.4 s the other call takes 1.3, so that what needs 1.5 is too late.
        with pytest.raises(PenstockError) as raised:
            titan.jpm.jobs.get(50000003, options=CallOptions(deadline_ms=2_400, fresh=True))
        assert raised.value.kind == "timeout"


def test_a_deadline_counts_it_in_asyncio_too(vendors: Vendor) -> None:
    async def main() -> None:
        async with AsyncServiceTitan(vendors("--jobs", "2000", "--latency", "1500"), instances=1) as titan:
            others = [asyncio.create_task(titan.jpm.jobs.page(page_size=1, options=CallOptions(fresh=True))) for _ in range(3)]
            await asyncio.sleep(0.1)
            with pytest.raises(PenstockError) as raised:
                await titan.jpm.jobs.get(50000003, options=SHORT)
            assert (raised.value.kind, raised.value.outcome) == ("timeout", "not-sent")
            await asyncio.gather(*others)

    asyncio.run(main())


def test_a_write_that_waits_and_is_cancelled_is_never_sent(silent: Silent) -> None:
    async def main() -> None:
        async with AsyncServiceTitan(silent.settings, instances=1) as titan:
            first = asyncio.create_task(titan.jpm.job_types.create({"name": "first"}))
            while not silent.read:
                await asyncio.sleep(0.01)
            others = [asyncio.create_task(titan.jpm.job_types.create({"name": f"other {number}"})) for number in range(4)]
            await asyncio.sleep(0.1)
            for other in others:
                other.cancel()
            assert {type(one) for one in await asyncio.gather(*others, return_exceptions=True)} == {asyncio.CancelledError}
            with pytest.raises(PenstockError):
                await first

    asyncio.run(main())
    assert silent.read == ["POST /jpm/v2/tenant/7/job-types"]


@pytest.mark.parametrize("instances", [0, -1, 1.5, "2", True])
def test_so_many_instances_are_refused(instances: object) -> None:
    for client in (ServiceTitan, AsyncServiceTitan):
        with pytest.raises(ValueError, match="instances must be a whole number from 1"):
            client({}, instances=instances)  # type: ignore[arg-type]


def test_calls_of_many_threads_take_turns(titan: ServiceTitan) -> None:
    ends = []
    threads = [threading.Thread(target=lambda: ends.append(titan.jpm.jobs.get(50000003).id)) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert titan.jpm.jobs.get(50000003).id == 50000003
    for thread in threads:
        thread.join()
    assert ends == [50000003] * 20


def test_files_that_nobody_reads_and_that_are_gone_hold_up_nothing(titan: ServiceTitan) -> None:
    call = titan.telecom.calls.page(page_size=1).items[0]
    for _ in range(60):
        titan.telecom.calls.download_recording(call.id)
    assert titan.jpm.jobs.page(page_size=1, options=CallOptions(deadline_ms=5_000, fresh=True)).items
    assert len(titan.telecom.calls.download_recording(call.id).read()) == 100_000
