"""`python -m generate LANGUAGE ROOT FOLDER`: writes what the contract below ROOT says in a language."""

import sys
from pathlib import Path

from . import contract, python, typescript

WRITERS = {"python": python.write, "typescript": typescript.write}

if __name__ == "__main__":
    language, root, folder = sys.argv[1:]
    WRITERS[language](contract.vendors(Path(root)), Path(folder))
