"""`wit_semver.py OLD NEW`: whether the version of the packages in a folder `wit` moved as far as what changed in them asks for. Before 1.0 the second
number stands for the first (docs/versioning.md). `OLD` is that folder of the last release."""

import pathlib
import re
import sys


def tokens(text):
    """Without comments and documentation."""
    text = re.sub(r"//[^\n]*", "", text)
    return re.findall(r"[A-Za-z0-9_%:@./+-]+|[{}();,<>=*]|->", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def items(folder):
    """Every item by its name, with what it is; the version beside."""
    contract, versions = {}, set()
    for file in sorted(pathlib.Path(folder).glob("*/*.wit")):
        words = tokens(file.read_text())
        package = file.parent.name
        place, statement, depth = [], [], 0
        for word in words:
            statement.append(word)
            if word == "{":
                head = statement[:-1]
                if depth == 0 and head and head[0] in ("interface", "world"):
                    place, statement = [package, *head[:2]], []
                    continue
                depth += 1
            elif word == "}":
                if depth == 0:
                    place, statement = [], []
                    continue
                depth -= 1
                if depth == 0:
                    add(contract, place, statement)
                    statement = []
            elif word == ";" and depth == 0:
                if not place and statement[0] == "package":
                    versions.add(statement[1].partition("@")[2].rstrip(";"))
                else:
                    add(contract, place, statement)
                statement = []
    assert len(versions) == 1, f"{folder}: one version, and not {sorted(versions)}"
    return contract, versions.pop()


def add(contract, place, statement):
    # A version that moves is no change of what it stands at.
    text = re.sub(r"@[0-9][0-9A-Za-z.+-]*", "", " ".join(statement))
    kinds = ("record", "variant", "enum", "flags", "resource", "type")
    kind = statement[0] if statement[0] in kinds else "use" if statement[0] in ("use", "include", "import", "export") else "func"
    # What is used is a whole statement; others have a name.
    name = text if kind == "use" else statement[1] if kind in kinds else statement[0].rstrip(":")
    contract["/".join([*place[::2], kind, name])] = text


def needed(old, new):
    """`major`, `minor` or `patch`, and why."""
    gone = sorted(old.keys() - new.keys())
    changed = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    added = sorted(new.keys() - old.keys())
    why = [f"gone: {name}" for name in gone] + [f"changed: {name}" for name in changed] + [f"new: {name}" for name in added]
    return ("major" if gone or changed else "minor" if added else "patch"), why


def moved(old, new):
    """Which part of the version moved."""
    first, second = ([int(part) for part in re.match(r"(\d+)\.(\d+)\.(\d+)", version).groups()] for version in (old, new))
    if second < first:
        return None
    if second[0] > first[0]:
        return "major"
    if second[1] > first[1]:
        return "major" if first[0] == 0 else "minor"
    # Before 1.0 the third number stands for the second.
    return "minor" if first[0] == 0 and second[2] > first[2] else "patch"


RANKS = ("patch", "minor", "major")


def check(old_folder, new_folder):
    """What is wrong, or none; and what was found."""
    (old, before), (new, after) = items(old_folder), items(new_folder)
    need, why = needed(old, new)
    move = moved(before, after)
    told = f"{before} to {after}: {need} is needed; {len(old)} and {len(new)} items"
    if move is None:
        return f"{after} is older than {before}", told, why
    if RANKS.index(move) < RANKS.index(need):
        return f"{after} does not go far enough from {before}: what changed needs a {need} version", told, why
    return None, told, why


def main():
    wrong, told, why = check(sys.argv[1], sys.argv[2])
    for text in why[:50]:
        print(text)
    print(told)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
