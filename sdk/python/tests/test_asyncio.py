"""The client for asyncio."""

from __future__ import annotations

import asyncio
import time

import pytest
from conftest import Vendor
from silent import Silent

from penstock import AsyncServiceTitan, CallOptions, PenstockError
from penstock.servicetitan.jpm import CreateJobType

LONG = CallOptions(page_size=500, window=8)


def test_lists_and_calls_run_side_by_side_and_the_loop_goes_on(vendors: Vendor) -> None:
    async def main() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        async with AsyncServiceTitan(vendors("--jobs", "2000", "--latency", "60")) as titan:
            ticking = asyncio.create_task(tick())

            async def count() -> int:
                return len([job.id async for job in titan.jpm.jobs.list(options=LONG)])

            first = [job.id async for job in titan.jpm.jobs.list()][:1]
            began = time.monotonic()
            counts = await asyncio.gather(count(), count(), *(titan.jpm.jobs.get(first[0]) for _ in range(8)))
            assert counts[0] == counts[1] > 1900 and counts[2] == counts[9]
            assert time.monotonic() - began < 8 * 0.06 + 4
            ticking.cancel()
        assert ticks > 10

    asyncio.run(main())


def test_a_task_that_is_cancelled_is_free_at_once_and_the_client_goes_on(vendors: Vendor) -> None:
    async def main() -> None:
        titan = AsyncServiceTitan(vendors("--jobs", "2000", "--latency", "60"), instances=1)
        jobs = titan.jpm.jobs.list(options=CallOptions(page_size=50, window=1))
        seen = 0

        async def read() -> None:
            nonlocal seen
            async for _ in jobs:
                seen += 1

        task = asyncio.create_task(read())
        while seen < 100:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.5
        assert (await titan.jpm.jobs.page(page_size=3)).items
        rest = [job.id async for job in titan.jpm.jobs.list(resume=jobs.resume, options=LONG)]
        everything = [job.id async for job in titan.jpm.jobs.list(options=LONG)]
        assert everything[-len(rest) :] == rest and len(everything) - len(rest) <= seen
        await titan.close()

    asyncio.run(main())


def test_a_write_whose_task_is_cancelled_is_not_sent_twice(silent: Silent) -> None:
    async def main() -> None:
        titan = AsyncServiceTitan(silent.settings)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await titan.jpm.job_types.create(CreateJobType(name="Repair"))
        await titan.close()
        assert silent.read == ["POST /jpm/v2/tenant/7/job-types"]

    asyncio.run(main())


def test_pages_files_and_failures(vendors: Vendor) -> None:
    async def main() -> None:
        async with AsyncServiceTitan(vendors("--jobs", "2000")) as titan:
            batches = [len(batch) async for batch in titan.jpm.jobs.list(options=CallOptions(page_size=500)).iter_batches()]
            assert batches[0] == 500 and len(batches) == 4
            async for call in titan.telecom.calls.list():
                download = await titan.telecom.calls.download_recording(call.id)
                assert sum([len(some) async for some in download]) == 100_000
                assert len(await (await titan.telecom.calls.download_recording(call.id)).read()) == 100_000
                break
            with pytest.raises(PenstockError):
                await titan.jpm.jobs.get(1)
            assert await titan.ready() == []

    asyncio.run(main())
