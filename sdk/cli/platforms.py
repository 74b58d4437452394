"""What the registries call the platforms that Rust knows as targets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Platform:
    """A platform: Rust's target, PyPI's tag (for Linux without the C library's version), npm's `os` and `cpu`."""

    target: str
    wheel: str
    os: str
    cpu: str
    # What npm calls the C library, where there are two.
    libc: str | None = None

    @property
    def npm(self) -> str:
        """The name of its npm package."""
        musl = "-musl" if self.libc == "musl" else ""
        return f"@penstock/cli-{self.os}-{self.cpu}{musl}"

    @property
    def program(self) -> str:
        """The file's name."""
        return "penstock.exe" if self.os == "win32" else "penstock"


PLATFORMS = [
    Platform("x86_64-unknown-linux-gnu", "manylinux_{}_x86_64", "linux", "x64", "glibc"),
    Platform("aarch64-unknown-linux-gnu", "manylinux_{}_aarch64", "linux", "arm64", "glibc"),
    Platform("x86_64-unknown-linux-musl", "musllinux_1_2_x86_64", "linux", "x64", "musl"),
    Platform("aarch64-unknown-linux-musl", "musllinux_1_2_aarch64", "linux", "arm64", "musl"),
    Platform("x86_64-apple-darwin", "macosx_11_0_x86_64", "darwin", "x64"),
    Platform("aarch64-apple-darwin", "macosx_11_0_arm64", "darwin", "arm64"),
    Platform("x86_64-pc-windows-msvc", "win_amd64", "win32", "x64"),
]


def platform(target: str) -> Platform:
    """The platform of a target."""
    for one in PLATFORMS:
        if one.target == target:
            return one
    raise SystemExit(f"{target} is none of {', '.join(one.target for one in PLATFORMS)}")


def wheel_tag(of: Platform, program: Path) -> str:
    """PyPI's tag. On Linux it names the newest glibc that the program has symbols of."""
    if "{}" not in of.wheel:
        return of.wheel
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)\b", program.read_bytes())
    newest = max(tuple(map(int, version)) for version in versions)
    return of.wheel.format("_".join(map(str, max(newest, (2, 17)))))
