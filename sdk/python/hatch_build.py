"""What a build adds to the sources: the typed part, written from `wit/`, and the component."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Generated(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before a wheel is made, and before the package is installed in place."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        here = Path(self.root)
        package = here / "src" / "penstock"
        generate = [sys.executable, "-m", "generate", "python", str(here.parent.parent), str(package)]
        subprocess.run(generate, cwd=here.parent, check=True)
        subprocess.run([sys.executable, str(here.parent / "component.py"), str(package / "penstock.wasm")], check=True)
