"""Reads all jobs with Penstock, with the best client that Python has by itself (httpx and json.loads), and with
ServicePytan, side by side in one run:

    python python_read.py PROGRAM [ROUNDS]

PROGRAM is `penstock`, preferably a release build: the simulated vendor takes its part of the machine. Penstock and httpx
make the same data classes of the same pages, with the same number of pages in flight.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import servicepytan
import servicepytan.auth

from penstock import CallOptions, ServiceTitan
from penstock.servicetitan.jpm import Job, _read_job

WINDOW, PAGE = 8, 500
Settings = dict[str, str]


@contextmanager
def vendor(program: str, *arguments: str) -> Iterator[Settings]:
    """A simulated vendor, and the settings of its clients."""
    command = [program, "vendor", "--port", "0", "--unlimited", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings = {"SERVICETITAN_RATE_LIMIT": "10000", "LOG_LEVEL": "error"}
        while "SERVICETITAN_TENANT_ID" not in settings:
            name, equals, value = process.stdout.readline().strip().partition("=")
            if equals and not name.startswith("#"):
                settings[name] = value
        yield settings
        process.kill()


def penstock(titan: ServiceTitan) -> int:
    """The typed list."""
    return len(list(titan.jpm.jobs.list(options=CallOptions(page_size=PAGE, window=WINDOW))))


async def by_hand(settings: Settings) -> int:
    """httpx, with as many pages in flight."""
    base = settings["SERVICETITAN_API_URL"]
    form = {"grant_type": "client_credentials", "client_id": settings["SERVICETITAN_CLIENT_ID"], "client_secret": settings["SERVICETITAN_CLIENT_SECRET"]}
    limits = httpx.Limits(max_connections=WINDOW, max_keepalive_connections=WINDOW)
    async with httpx.AsyncClient(limits=limits, timeout=60) as http:
        token = (await http.post(f"{base}/connect/token", data=form)).json()["access_token"]
        headers = {"authorization": f"Bearer {token}", "st-app-key": settings["SERVICETITAN_APP_KEY"]}
        url = f"{base}/jpm/v2/tenant/{settings['SERVICETITAN_TENANT_ID']}/jobs"
        jobs: list[Job] = []

        async def page(number: int) -> dict[str, Any]:
            answer = await http.get(url, params={"page": number, "pageSize": PAGE, "sort": "+Id"}, headers=headers)
            answer.raise_for_status()
            return json.loads(answer.content)  # type: ignore[no-any-return]

        ahead = [asyncio.create_task(page(number)) for number in range(1, WINDOW + 1)]
        for number in range(WINDOW + 1, 1_000_000):
            answer = await ahead.pop(0)
            jobs += [_read_job(one) for one in answer["data"]]
            if not answer["hasMore"]:
                for task in ahead:
                    task.cancel()
                return len(jobs)
            ahead.append(asyncio.create_task(page(number)))
    return 0


def servicepytan_read(settings: Settings) -> int:
    """ServicePytan's `get_all`, as its documentation has it: 100 records a page."""
    conn = servicepytan.auth.servicepytan_connect(
        "production",
        settings["SERVICETITAN_APP_KEY"],
        settings["SERVICETITAN_TENANT_ID"],
        settings["SERVICETITAN_CLIENT_ID"],
        settings["SERVICETITAN_CLIENT_SECRET"],
    )
    conn |= {"auth_root": settings["SERVICETITAN_AUTH_URL"], "api_root": settings["SERVICETITAN_API_URL"]}
    return len(servicepytan.Endpoint("jpm", "jobs", conn).get_all({}))


def timed(read: Callable[[], int]) -> tuple[float, int]:
    """Records a second, and how many they were."""
    began = time.perf_counter()
    count = read()
    return count / (time.perf_counter() - began), count


def load() -> None:
    """What it takes to load, and what is in memory then and after a read."""
    code = "import resource, time\nbegan = time.perf_counter()\nfrom penstock import ServiceTitan\nServiceTitan({}).ready()\nprint(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    for cache in ("compiled", "from the cache"):
        environment = os.environ | ({"XDG_CACHE_HOME": f"/tmp/penstock-bench-{os.getpid()}"} if cache == "compiled" else {})
        seconds, memory = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True).stdout.split()
        print(f"loaded, {cache}: {float(seconds):.2f} s, {int(memory) / 1024:.0f} MB")


def main(program: str, rounds: int) -> None:
    """Prints records a second, medians of the rounds, and their relation."""
    logging.disable()
    load()
    for latency in ("0", "50"):
        with vendor(program, "--latency", latency, "--lenient") as settings:
            titan = ServiceTitan(settings)
            ways: dict[str, Callable[[], int]] = {
                "penstock": lambda titan=titan: penstock(titan),
                "httpx and json.loads": lambda settings=settings: asyncio.run(by_hand(settings)),
                "ServicePytan": lambda settings=settings: servicepytan_read(settings),
            }
            seen: dict[str, list[float]] = {name: [] for name in ways}
            counts = {read() for name, read in ways.items() if name != "ServicePytan"}
            for number in range(rounds):
                for name, read in ways.items():
                    # It takes long, and once shows it.
                    if name == "ServicePytan" and number > 0:
                        continue
                    speed, count = timed(read)
                    seen[name].append(speed)
                    counts.add(count)
            assert len(counts) == 1, counts
        speeds = {name: statistics.median(all_) for name, all_ in seen.items()}
        for name, speed in speeds.items():
            print(f"{latency:>2} ms  {name:<22}{speed:>8.0f} records/s  {speeds['penstock'] / speed:5.2f}")
    print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5)
