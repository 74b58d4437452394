"""`python wheel.py PROGRAM TARGET FOLDER`: `penstock-cli` for PyPI, for one platform: the program is its one script.

    uvx --from penstock-cli penstock --help
"""

import base64
import hashlib
import stat
import sys
import zipfile
from pathlib import Path

from platforms import platform, wheel_tag

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from component import version

ABOUT = """Metadata-Version: 2.4
Name: penstock-cli
Version: {version}
Summary: The command line of Penstock: ServiceTitan and Asleep from a shell, copies in a database, a gateway.
License-Expression: Apache-2.0
Project-URL: Repository, https://github.com/penstock/penstock
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{readme}"""


def wheel(program: Path, target: str, folder: Path) -> Path:
    """Makes the wheel."""
    of, number = platform(target), version()
    tag = f"py3-none-{wheel_tag(of, program)}"
    info = f"penstock_cli-{number}.dist-info"
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    files = {
        f"penstock_cli-{number}.data/scripts/{of.program}": program.read_bytes(),
        f"{info}/METADATA": ABOUT.format(version=number, readme=readme).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: penstock\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    record = "".join(f"{name},sha256={digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"penstock_cli-{number}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # Of no time: the same files give the same wheel.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o755 if "/scripts/" in name else stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return path


def digest(content: bytes) -> str:
    """A digest as RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(wheel(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
