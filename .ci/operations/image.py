"""`image.py PROGRAM`: the image of deploy/Containerfile, made by buildah with a program that is there: what is in its layers and what it is told to do.
`--static` asks for a program that needs nothing beside it."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def files(layout):
    """What the layers put where, as an archive of OCI has them."""
    with tarfile.open(layout) as archive:
        def read(name):
            return archive.extractfile(name)

        manifest = json.load(read("manifest.json"))[0]
        config = json.load(read(manifest["Config"]))
        found = {}
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=read(layer)) as members:
                for member in members:
                    found["/" + member.name.strip("/")] = member
        return config, found


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        store = ["--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
        environment = dict(os.environ, PENSTOCK_PROGRAM=program, BUILDAH_OPTIONS=" ".join(store), CARGO_TARGET_DIR=f"{folder}/target")
        run(str(ROOT / "deploy/image/build"), "penstock:test", env=environment)
        layout = f"{folder}/image.tar"
        run("buildah", *store, "push", "penstock:test", f"docker-archive:{layout}")
        config, found = files(layout)
    told = config["config"]
    assert told["User"] == "65532:65532", told
    assert told["Entrypoint"] == ["/penstock"] and told["Cmd"][:2] == ["serve", "--real"], told
    assert told["Healthcheck"]["Test"] == ["CMD", "/penstock", "health", "http://127.0.0.1:3000"], told
    assert told["ExposedPorts"] == {"3000/tcp": {}} and told["StopSignal"] == "SIGTERM", told
    regular = {name: member for name, member in found.items() if member.isreg()}
    compiled = [name for name in regular if name.startswith("/cache/")]
    others = sorted(name for name in regular if not name.startswith("/cache/"))
    assert others == ["/penstock"], others
    assert compiled and max(regular[name].size for name in compiled) > 1 << 20, "no component was compiled ahead"
    for name, member in found.items():
        assert not member.mode & (stat.S_ISUID | stat.S_ISGID), f"{name} has a bit that gives rights"
        assert name == "/tmp" or not member.mode & stat.S_IWOTH or member.issym(), f"{name} may be written by all"
    static = subprocess.run(["ldd", program], capture_output=True, text=True)
    is_static = "not a dynamic executable" in static.stdout + static.stderr or "statically linked" in static.stdout
    assert is_static or "--static" not in sys.argv, static.stdout
    size = sum(member.size for member in regular.values()) >> 20
    print(f"one program and {len(compiled)} files of compiled components, {size} MiB{'' if is_static else '; NOT static: not the program of a release'}")


main()
