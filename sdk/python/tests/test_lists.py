"""Lists: nothing is lost, nothing comes twice, whatever happens in between."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import Vendor

from penstock import CallOptions, PenstockError, ServiceTitan

LONG = CallOptions(page_size=500, window=8)


def ids(settings: dict[str, str]) -> list[int]:
    return [job.id for job in ServiceTitan(settings).jpm.jobs.list(options=LONG)]


def test_twenty_thousand_records_under_faults_come_whole_and_once(vendors: Vendor) -> None:
    expected = ids(vendors())
    titan = ServiceTitan(vendors("--fault-rate", "0.08"))
    jobs = titan.jpm.jobs.list(options=LONG)
    seen = [job.id for job in jobs]
    assert len(seen) > 19_000
    assert (len(set(expected) - set(seen)), len(seen) - len(set(seen))) == (0, 0)
    assert jobs.end is not None and jobs.end.complete and jobs.end.items == len(seen) == len(expected)
    assert jobs.resume == jobs.end.resume


PROGRAM = """
import json, sys
from penstock import CallOptions, ServiceTitan
jobs = ServiceTitan(json.loads(sys.argv[1])).jpm.jobs.list(options=CallOptions(page_size=100))
ids = []
for page in jobs.iter_batches():
    ids += [job.id for job in page]
    if len(ids) >= 700:
        break
print(json.dumps([ids, jobs.resume]))
"""


def test_another_process_goes_on_where_one_stopped(vendors: Vendor) -> None:
    settings = vendors("--jobs", "2000")
    other = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(settings)], capture_output=True, check=True, text=True)
    first, resume = json.loads(other.stdout)
    rest = [job.id for job in ServiceTitan(settings).jpm.jobs.list(resume=resume, options=LONG)]
    assert len(first) == 700
    assert first + rest == ids(settings)


def test_of_a_page_that_was_left_in_its_middle_all_come_again(titan: ServiceTitan, vendors: Vendor) -> None:
    jobs = titan.jpm.jobs.list(options=CallOptions(page_size=100))
    seen = []
    for job in jobs:
        seen.append(job.id)
        if len(seen) == 250:
            break
    rest = [job.id for job in titan.jpm.jobs.list(resume=jobs.resume)]
    expected = ids(vendors("--jobs", "2000"))
    assert seen == expected[:250]
    assert rest == expected[200:]
    assert jobs.end is None


def test_a_failure_says_where_to_go_on(vendors: Vendor) -> None:
    settings = vendors("--jobs", "2000", "--latency", "60")
    titan = ServiceTitan(settings)
    seen: list[int] = []
    with pytest.raises(PenstockError) as raised:
        for job in titan.jpm.jobs.list(options=CallOptions(page_size=25, window=1, deadline_ms=1_500)):
            seen.append(job.id)
    assert raised.value.kind == "timeout"
    assert seen
    rest = [job.id for job in titan.jpm.jobs.list(resume=raised.value.resume, options=LONG)]
    assert seen + rest == ids(vendors("--jobs", "2000"))


def test_a_token_that_expires_in_mid_list_is_renewed(vendors: Vendor) -> None:
    titan = ServiceTitan(vendors("--jobs", "2000", "--latency", "100", "--token-lifetime", "1"))
    options = CallOptions(page_size=100, window=1)
    seen = [job.id for job in titan.jpm.jobs.list(options=options)]
    fetched = next(line for line in titan.metrics().splitlines() if line.startswith("penstock_token_fetches_total"))
    assert int(fetched.split()[1]) >= 2
    assert seen == ids(vendors("--jobs", "2000"))


def test_an_export_goes_on_tomorrow(titan: ServiceTitan) -> None:
    first = titan.jpm.export.jobs_list()
    assert len(list(first)) > 1000
    assert first.end is not None
    assert list(titan.jpm.export.jobs_list(resume=first.end.resume)) == []


def test_a_read_that_is_closed_leaves_nothing_behind(titan: ServiceTitan) -> None:
    jobs = titan.jpm.jobs.list(options=CallOptions(page_size=50))
    next(iter(jobs))
    jobs.close()
    assert jobs.end is None
    page = titan.jpm.jobs.page(page_size=3, include_total=True)
    assert len(page.items) == 3 and page.info.total_count is not None and page.info.has_more
    rest = titan.jpm.jobs.page(page_size=3, resume=page.info.resume)
    assert {job.id for job in page.items}.isdisjoint(job.id for job in rest.items)
