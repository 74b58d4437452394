"""`wheel.py COMPONENT VERSION FOLDER`: a wheel with the component as data of the package `penstock_component` (PEP 427)."""

import base64
import hashlib
import pathlib
import sys
import zipfile

INIT = '''"""The Penstock component, for a host of components such as wasmtime."""

import pathlib

#: Where the component is.
COMPONENT = pathlib.Path(__file__).with_name("penstock_plugin.wasm")
'''


def main():
    component, version, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    info = f"penstock_component-{version}.dist-info"
    files = {
        "penstock_component/__init__.py": INIT.encode(),
        "penstock_component/penstock_plugin.wasm": component.read_bytes(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: penstock-component\nVersion: {version}\nLicense: Apache-2.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: penstock\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }

    def digest(content):
        return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()

    record = "".join(f"{name},sha256={digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = folder / f"penstock_component-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # Of no time: the same files give the same wheel.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    print(wheel)


main()
