"""The examples run, and are typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Vendor

HERE = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((HERE / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs(example: Path, vendors: Vendor, tmp_path: Path) -> None:
    environment = os.environ | vendors("--jobs", "2000")
    ran = subprocess.run([sys.executable, example], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


def test_an_export_that_is_run_again_goes_on(vendors: Vendor, tmp_path: Path) -> None:
    environment = os.environ | vendors("--jobs", "2000")
    command = [sys.executable, HERE / "examples" / "nightly_export.py"]
    said = [subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert said[1] == "0 changes\n" != said[0]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["jobs.ndjson", "jobs.position"]
    exported = (tmp_path / "jobs.ndjson").read_bytes()
    (tmp_path / "jobs.position").write_text("")
    refused = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and "jobs.position is empty" in refused.stderr
    assert (tmp_path / "jobs.ndjson").read_bytes() == exported


@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=["mypy", "pyright"])
def test_they_are_typed(checker: list[str]) -> None:
    command = [sys.executable, "-m", *checker, *map(str, EXAMPLES)]
    ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
