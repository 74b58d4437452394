"""`versions.py [TAG]`: one version everywhere: the tag, Cargo.toml, spin.toml, the packages of wit/, the package for Node, the changelog, and the images of deploy/."""

import pathlib
import re
import sys


def found(root):
    """Where a version stands, and which."""
    def of(path, pattern):
        text = (root / path).read_text()
        return [(path, version) for version in re.findall(pattern, text)]

    yield from of("Cargo.toml", r'(?m)^version = "([^"]+)"')[:1]
    yield from of("spin.toml", r'(?m)^version = "([^"]+)"')
    if (root / "sdk/node/package.json").exists():
        # The package for Python takes it from Cargo.toml.
        yield from of("sdk/node/package.json", r'(?m)^  "version": "([^"]+)"')
    yield from of("CHANGELOG.md", r"(?m)^## (\d+\.\d+\.\d+\S*)")[:1]
    for file in sorted(root.glob("wit/*/*.wit")):
        yield from of(str(file.relative_to(root)), r"(?m)\bpenstock:[a-z-]+(?:/[a-z-]+)?@([0-9][^;.{ ]*(?:\.[0-9][^;.{ ]*)*)")
    for file in sorted([*root.glob("deploy/**/*.yaml")]):
        yield from of(str(file.relative_to(root)), r"(?m)image: (?:\S+/)?penstock[a-z-]*:(\S+)")


def check(root, tag=None):
    """What does not agree, as texts."""
    all_found = list(found(root))
    version = all_found[0][1]
    wrong = [f"{path}: {other} is not {version}" for path, other in all_found if other != version]
    if tag is not None and tag != f"v{version}":
        wrong.append(f"the tag {tag} is not v{version}")
    return version, all_found, wrong


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    version, all_found, wrong = check(root, sys.argv[1] if len(sys.argv) > 1 else None)
    for text in wrong:
        print(text, file=sys.stderr)
    print(f"{version} in {len(all_found)} places")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
