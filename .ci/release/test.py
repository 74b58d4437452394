"""What a release refuses: versions that do not agree, and a contract that changed further than its version."""

import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import versions
import wit_semver

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = versions.check(ROOT)[0]


def contract(folder, version=None, change=None):
    """A copy of wit/, changed."""
    shutil.copytree(ROOT / "wit", folder)
    for file in folder.glob("*/*.wit"):
        text = file.read_text()
        if version:
            text = text.replace(f"@{VERSION}", f"@{version}")
        file.write_text(text)
    if change:
        file, before, after = change
        text = (folder / file).read_text()
        assert before in text, f"{file} has no {before}"
        (folder / file).write_text(text.replace(before, after, 1))
    return folder


def is_refused(temporary, name, *arguments, **changes):
    wrong, told, why = wit_semver.check(ROOT / "wit", contract(temporary / name, *arguments, **changes))
    print(f"{name}: {wrong or 'accepted'} ({told}; {'; '.join(why[:2]) or 'nothing changed'})")
    return wrong is not None


def main():
    file = "asleep/" + next(path.name for path in (ROOT / "wit/asleep").glob("*.wit")
                            if "variant session-state" in path.read_text())
    removed = (file, "closed,", "")
    added = (file, "    /// How far a session is.", "    extra: func(name: string) -> string;\n    /// How far a session is.")
    major, minor, patch = (int(part) for part in VERSION.split("."))
    further = f"{major}.{minor + 1}.0"
    next_one = f"{major}.{minor}.{patch + 1}"
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        assert not is_refused(temporary, "the same")
        assert is_refused(temporary, "a case less, same version", change=removed)
        assert is_refused(temporary, "a case less, next version", next_one, change=removed)
        assert is_refused(temporary, "a case less, further", further, change=removed) == (major > 0)
        assert is_refused(temporary, "a function more, same version", change=added)
        assert not is_refused(temporary, "a function more, next version", next_one if major == 0 else further, change=added)
        assert is_refused(temporary, "backwards", "0.0.1")
    _, found, wrong = versions.check(ROOT)
    assert not wrong, wrong
    assert len(found) > 10, found
    assert versions.check(ROOT, "v9.9.9")[2] == [f"the tag v9.9.9 is not v{VERSION}"]
    with tempfile.TemporaryDirectory() as temporary:
        copy = pathlib.Path(temporary)
        for path in ("Cargo.toml", "spin.toml", "CHANGELOG.md", "wit", "deploy"):
            (shutil.copytree if (ROOT / path).is_dir() else shutil.copy)(ROOT / path, copy / path)
        (copy / "CHANGELOG.md").write_text("## 9.0.0\n")
        assert versions.check(copy)[2] == [f"CHANGELOG.md: 9.0.0 is not {VERSION}"]
    print("what a release refuses is refused")


main()
