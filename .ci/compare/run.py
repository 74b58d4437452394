"""Records a second into SQLite and PostgreSQL, side by side: `run.py PROGRAM`, with `DATABASE` an empty PostgreSQL.

The vendor is the simulated one, a process of its own; an answer takes 0 ms and 50 ms. Each copies all its jobs into an
empty table: `penstock sync` from the export feed, the others from the list, as each is made for. For the program the
whole process counts, for the others (`others.py`) what comes behind their imports.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1])
DATABASE = os.environ["DATABASE"]
JOBS = os.environ.get("JOBS", "20000")
OTHERS = pathlib.Path(__file__).with_name("others.py")
# How many times faster it is to be at least, by the other and the milliseconds.
WANTED = {("dlt", 0): 8, ("dlt", 50): 6, ("servicepytan", 0): 4, ("servicepytan", 50): 10}


def vendor(latency):
    """A simulated vendor, and the settings that point at it."""
    arguments = ["vendor", "--jobs", JOBS, "--unlimited", "--lenient", "--latency", str(latency)]
    process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    settings = {}
    for line in process.stdout:
        name, found, value = line.strip().partition("=")
        if found and not name.startswith("#"):
            settings[name] = value
        if name == "SERVICETITAN_TENANT_ID":
            return process, settings
    raise SystemExit("the vendor did not start")


def ask(sql):
    subprocess.run(["psql", "-q", DATABASE, "-c", sql], check=True, stdout=subprocess.DEVNULL)


def penstock(settings, folder, to):
    places = {"sqlite": "sqlite:penstock.db", "postgres": DATABASE}
    command = [PROGRAM, "sync", "servicetitan", "--select", "jpm_jobs", "--to", places[to]]
    began = time.monotonic()
    done = subprocess.run(command, env=os.environ | settings | {"LOG_LEVEL": "error"}, cwd=folder, check=True,
                          stderr=subprocess.PIPE, text=True)
    took = time.monotonic() - began
    records = int(done.stderr.split("jpm_jobs: ")[1].split()[0])
    return records / took


def other(tool, settings, folder, to):
    places = {"sqlite": f"sqlite:///{folder}/{tool}.db", "postgres": DATABASE}
    done = subprocess.run([sys.executable, OTHERS, tool, places[to]], env=os.environ | settings, cwd=folder, check=True,
                          stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return told["records"] / told["seconds"]


short = []
for latency in [0, 50]:
    process, settings = vendor(latency)
    try:
        for to in ["sqlite", "postgres"]:
            with tempfile.TemporaryDirectory() as folder:
                # The component is compiled once, which nobody waits for again.
                subprocess.run([PROGRAM, "ready", "servicetitan"], env=os.environ | settings, cwd=folder, check=True,
                               stdout=subprocess.DEVNULL)
                ours = penstock(settings, folder, to)
                line = f"{latency:2} ms, {to:8}: penstock sync {ours:8.0f} records a second"
                for tool in ["dlt", "servicepytan"]:
                    theirs = other(tool, settings, folder, to)
                    line += f", {tool} {theirs:6.0f} ({ours / theirs:.1f} times)"
                    if ours < WANTED[tool, latency] * theirs:
                        short.append(f"{latency} ms, {to}: {ours / theirs:.1f} times {tool}, not {WANTED[tool, latency]}")
                print(line, flush=True)
                if to == "postgres":
                    ask("DROP SCHEMA IF EXISTS dlt CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
if short:
    sys.exit("\n".join(short))
