"""Simulated vendors, each a process of its own (`penstock vendor`), and a server that takes a write and is silent."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from silent import Silent

from penstock import ServiceTitan

ROOT = Path(__file__).resolve().parents[3]

Vendor = Callable[..., dict[str, str]]


def program() -> str:
    """The program: `PENSTOCK_PROGRAM`, or the one that cargo built."""
    given = os.environ.get("PENSTOCK_PROGRAM") or shutil.which("penstock")
    built = ROOT / "target" / "debug" / "penstock"
    if given is None and not built.exists():
        subprocess.run(["cargo", "build", "--locked", "--package", "penstock-cli"], cwd=ROOT, check=True)
    return given or str(built)


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendor]:
    """Starts a vendor, and gives the settings of a client: `vendors("--latency", "50")`."""
    running: dict[tuple[str, ...], tuple[subprocess.Popen[str], dict[str, str]]] = {}

    def start(*arguments: str) -> dict[str, str]:
        if arguments not in running:
            command = [program(), "vendor", "--port", "0", "--unlimited", *arguments]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            settings = {"SERVICETITAN_RATE_LIMIT": "10000", "PENSTOCK_ROLE": "admin"}
            while "SERVICETITAN_TENANT_ID" not in settings:
                line = process.stdout.readline()
                assert line, "the vendor did not start"
                if not line.startswith("#"):
                    name, _, value = line.strip().partition("=")
                    settings[name] = value
            running[arguments] = process, settings
        return dict(running[arguments][1])

    yield start
    for process, _ in running.values():
        process.kill()
        process.wait()


@pytest.fixture
def titan(vendors: Vendor) -> ServiceTitan:
    """A client of a vendor without faults, with 2,000 jobs."""
    return ServiceTitan(vendors("--jobs", "2000"))


@pytest.fixture
def silent() -> Iterator[Silent]:
    """A server that grants tokens, reads everything else, and never answers."""
    server = Silent()
    yield server
    server.close()
