"""`python component.py FILE`: puts the component that the packages hold into FILE: every operation by its name, for
WASI 0.2. It is the one that `PENSTOCK_COMPONENT` names, or is built by cargo."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = [
    "cargo", "build", "--locked", "--package", "penstock-plugin-p2", "--no-default-features",
    "--features", "all,timezones,webhooks", "--target", "wasm32-wasip2", "--profile", "component",
    "--message-format", "json-render-diagnostics",
]  # fmt: skip


def component() -> Path:
    """Where the component is."""
    given = os.environ.get("PENSTOCK_COMPONENT")
    if given:
        return Path(given)
    built = subprocess.run(BUILD, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    files = [file for line in built.splitlines() for file in json.loads(line).get("filenames", ())]
    return Path(next(file for file in files if file.endswith("penstock_plugin_p2.wasm")))


def version() -> str:
    """The version of the contract, which is that of the workspace, and of the packages."""
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    workspace = manifest.split("[workspace.package]")[1]
    number = workspace.split('version = "')[1].split('"')[0]
    contract = (ROOT / "wit/connector/package.wit").read_text(encoding="utf-8")
    if f"@{number};" not in contract:
        raise SystemExit(f"the workspace is {number}, and the contract is not")
    return number


if __name__ == "__main__":
    shutil.copyfile(component(), sys.argv[1])
