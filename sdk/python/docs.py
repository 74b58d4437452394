"""`python docs.py FOLDER`: pages of all that is public."""

import pkgutil
import subprocess
import sys

import penstock.asleep
import penstock.servicetitan

if __name__ == "__main__":
    modules = ["penstock", "penstock.servicepytan"]
    for vendor in (penstock.asleep, penstock.servicetitan):
        modules += [vendor.__name__, *(f"{vendor.__name__}.{module.name}" for module in pkgutil.iter_modules(vendor.__path__))]
    sys.exit(subprocess.run([sys.executable, "-m", "pdoc", *modules, "-o", sys.argv[1]], check=False).returncode)
