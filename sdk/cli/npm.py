"""`python npm.py FOLDER TARGET=PROGRAM...`: `penstock-cli` for npm, and a package for each platform, which npm installs only
where it fits.

    npx penstock-cli --help
"""

import json
import shutil
import sys
from pathlib import Path

from platforms import platform

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from component import version

HERE = Path(__file__).resolve().parent
SAME = {"license": "Apache-2.0", "repository": "github:penstock/penstock"}


def packages(folder: Path, programs: dict[str, Path]) -> list[Path]:
    """Makes the packages, those of platforms first: the other one needs them."""
    number = version()
    made = []
    for target, program in programs.items():
        of = platform(target)
        place = folder / of.npm.rpartition("/")[2]
        (place / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(program, place / "bin" / of.program)
        (place / "bin" / of.program).chmod(0o755)
        about = {"name": of.npm, "version": number, "description": f"The program of penstock-cli for {target}.", **SAME}
        about |= {"os": [of.os], "cpu": [of.cpu], **({"libc": [of.libc]} if of.libc else {}), "files": ["bin"]}
        made.append(written(place, about))
    place = folder / "penstock-cli"
    shutil.copytree(HERE / "npm", place, dirs_exist_ok=True)
    shutil.copyfile(HERE / "README.md", place / "README.md")
    about = {"name": "penstock-cli", "version": number, "description": "The command line of Penstock.", **SAME}
    about |= {"type": "module", "bin": {"penstock": "bin/penstock.js", "penstock-cli": "bin/penstock.js"}, "files": ["bin"]}
    about |= {"engines": {"node": ">=20"}, "optionalDependencies": {platform(target).npm: number for target in programs}}
    return [*made, written(place, about)]


def written(place: Path, about: dict[str, object]) -> Path:
    """A package's folder, with its description."""
    (place / "package.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return place


if __name__ == "__main__":
    pairs = (pair.partition("=") for pair in sys.argv[2:])
    for package in packages(Path(sys.argv[1]), {target: Path(program) for target, _, program in pairs}):
        print(package)
