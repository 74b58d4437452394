"""Ctrl-C, forks and the end of a process: none of them tears the component apart, or waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import Vendor

HEAD = "import os, sys\nfrom penstock import AsyncServiceTitan, CallOptions, PenstockError, ServiceTitan\ntitan = ServiceTitan()\nJOB = 50000003\n"


def started(settings: dict[str, str], program: str) -> subprocess.Popen[str]:
    # Whoever runs the tests in the background has the signal ignored, and so would the program.
    command = ["env", "--default-signal=INT", sys.executable, "-c", HEAD + program]
    return subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        said, errors = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail("it did not end")
    return process.returncode, said, errors


INTERRUPTED = {
    "call": "print('go', flush=True)\ntry:\n    titan.jpm.jobs.get(JOB)\nexcept KeyboardInterrupt:\n    print('interrupted')",
    "list": "print('go', flush=True)\ntry:\n    list(titan.jpm.jobs.list())\nexcept KeyboardInterrupt:\n    print('interrupted')",
    "write": "print('go', flush=True)\ntry:\n    titan.jpm.job_types.create({'name': 'x'})\nexcept KeyboardInterrupt:\n    print('interrupted')",
}


@pytest.mark.parametrize("what", INTERRUPTED)
def test_ctrl_c_while_a_token_is_fetched_raises_at_once(vendors: Vendor, what: str) -> None:
    process = started(vendors("--jobs", "2000", "--latency", "3000"), INTERRUPTED[what])
    assert process.stdout is not None and process.stdout.readline() == "go\n"
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert ended(process) == (0, "interrupted\n", "")
    assert time.monotonic() - began < 2.5


def test_a_client_goes_on_after_ctrl_c(vendors: Vendor) -> None:
    program = """
import signal
signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(20):
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    try:
        while True:
            titan.jpm.jobs.get(JOB, options=CallOptions(fresh=True))
    except KeyboardInterrupt:
        pass
print(titan.jpm.jobs.get(JOB).id, len(titan.jpm.jobs.page(page_size=3).items))
"""
    assert ended(started(vendors("--jobs", "2000"), program)) == (0, "50000003 3\n", "")


FORKED = """
{before}
child = os.fork()
if child == 0:
    try:
        print({call}, flush=True)
    except PenstockError as error:
        print(error.kind, error.outcome, "spawn" in str(error), flush=True)
    sys.exit()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("call", ["titan.jpm.jobs.get(JOB).id", "len(list(titan.jpm.jobs.list()))", "ServiceTitan().jpm.jobs.get(JOB).id", "sum(1 for _ in rest)"])
def test_a_child_of_a_process_that_has_made_calls_is_told(vendors: Vendor, call: str) -> None:
    before = "rest = iter(titan.jpm.jobs.list(options=CallOptions(page_size=5, window=1)))\nnext(rest)"
    said = ended(started(vendors("--jobs", "2000"), FORKED.format(before=before, call=call)))
    # Python 3.12 and later warn of a fork with threads themselves.
    assert said[:2] == (0, "host not-sent True\n")


def test_a_child_of_a_process_that_has_made_none_makes_calls(vendors: Vendor) -> None:
    said = ended(started(vendors("--jobs", "2000"), FORKED.format(before="", call="titan.jpm.jobs.get(JOB).id")))
    assert said == (0, "50000003\n", "")


ENDS = {
    "a read that is left open": "jobs = iter(titan.jpm.jobs.list(options=CallOptions(page_size=5, window=1)))\nnext(jobs)",
    "a read that a thread makes": "import threading\njobs = titan.jpm.jobs.list(options=CallOptions(page_size=5, window=1))\nthreading.Thread(target=list, args=(jobs,), daemon=True).start()\nimport time\ntime.sleep(2)",
    "a break in asyncio": """
import asyncio
async def main():
    async with AsyncServiceTitan() as titan:
        async for job in titan.jpm.jobs.list(options=CallOptions(page_size=5, window=1)):
            break
        async for batch in titan.jpm.jobs.list(options=CallOptions(page_size=5, window=1)).iter_batches():
            break
        async for call in titan.telecom.calls.list(options=CallOptions(page_size=5, window=1)):
            async for some in await titan.telecom.calls.download_recording(call.id):
                break
            break
asyncio.run(main())""",
    "a task that is cancelled": """
import asyncio
async def main():
    titan = AsyncServiceTitan()
    task = asyncio.create_task(titan.jpm.jobs.get(JOB))
    await asyncio.sleep(0.3)
    task.cancel()
asyncio.run(main())""",
}


@pytest.mark.parametrize("what", ENDS)
def test_a_process_ends_at_once_and_says_nothing(vendors: Vendor, what: str) -> None:
    program = ENDS[what] + "\nimport time\nprint(time.time())"
    code, said, errors = ended(started(vendors("--jobs", "2000", "--latency", "1500" if "task" in what or "left" in what else "60"), program))
    assert (code, errors) == (0, "")
    assert time.time() - float(said) < 1.3
