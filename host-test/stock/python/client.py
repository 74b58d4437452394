"""Calls the component in this process, and prints what came of it as one JSON object.

    python client.py COMPONENT jobs              the ids of all jobs, and how the read ended
    python client.py COMPONENT write             what came of a POST
    python client.py COMPONENT file ID           how many bytes the recording of a call has
    python client.py COMPONENT calls ID COUNT... the memory of the process after so many calls
"""

import json
import os
import sys
import time

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, Variant

from store import Store as State

VERSION = "0.1.0-p2"


class Penstock:
    """An instance of the component: settings and secrets from the environment, and a store
    in this process's memory."""

    def __init__(self, file):
        config = Config()
        config.cache = True
        engine = Engine(config)
        self.store = Store(engine)
        wasi = WasiConfig()
        wasi.inherit_stderr()
        self.store.set_wasi(wasi)
        self.store.set_wasi_http()
        component = Component.from_file(engine, file)
        with Linker(engine) as linker:
            linker.add_wasip2()
            linker.add_wasi_http()
            with linker.root() as root:
                for name in ["config", "secrets"]:
                    with root.add_instance(f"penstock:host/{name}@{VERSION}") as interface:
                        interface.add_func("get", lambda _store, name: os.environ.get(name))
                with root.add_instance(f"penstock:host/state@{VERSION}") as state:
                    for name, function in State().functions().items():
                        state.add_func(name, function)
            self.instance = linker.instantiate(self.store, component)

    def call(self, interface, name, *arguments):
        """Calls a function, `penstock:` left out, and gives its result."""
        place = self.instance.get_export_index(self.store, f"penstock:{interface}@{VERSION}")
        place = self.instance.get_export_index(self.store, name, place)
        function = self.instance.get_func(self.store, place)
        result = function(self.store, *arguments)
        function.post_return(self.store)
        return result


OPERATIONS = "connector/operations"
TRANSFERS = "connector/transfers"


class Failure(Exception):
    """What the component says of a call that failed."""

    def __init__(self, failure):
        super().__init__(failure.message)
        self.kind = failure.kind
        self.outcome = failure.outcome


def done(result):
    """The value of a `result`, which is wrapped only where both of its cases are of one Python type."""
    if isinstance(result, Variant):
        value, failed = result.payload, result.tag == "err"
    else:
        value, failed = result, hasattr(result, "outcome")
    if failed:
        raise Failure(value)
    return value


def options(**given):
    """Options of a call. A record is given with all of its fields."""
    record = Record()
    flags = dict.fromkeys(["fresh", "accept-stale", "allow-resend"], False)
    absent = ["account", "deadline-ms", "resume", "correlation-id", "fallback", "page-size", "window", "on-misfit"]
    record.__dict__.update(flags | dict.fromkeys(absent) | given)
    return record


def jobs(penstock):
    began = time.monotonic()
    asked = ("servicetitan", "jpm.jobs-list", [("sort", "+Id")], None, options(**{"page-size": 500}))
    reader = penstock.call(OPERATIONS, "list", *asked)
    ids = []
    while (records := done(penstock.call(OPERATIONS, "[method]json-reader.next", reader, 500))) is not None:
        ids += [json.loads(record)["id"] for record in records]
    end = done(penstock.call(OPERATIONS, "[method]json-reader.end", reader))
    reader.drop(penstock.store)
    seconds = time.monotonic() - began
    return {"ids": ids, "complete": end.complete, "items": end.items, "seconds": seconds}


def write(penstock):
    call = ("servicetitan", "jpm.job-types-create", [], '{"name":"Repair"}', None)
    try:
        return {"status": done(penstock.call(OPERATIONS, "invoke", *call)).info.status}
    except Failure as failure:
        return {"kind": failure.kind, "outcome": failure.outcome}


def file(penstock, of):
    asked = ("servicetitan", "telecom.calls-download-recording", [("id", of)], None)
    content = done(penstock.call(TRANSFERS, "download", *asked)).content
    count = 0
    while (some := done(penstock.call("connector/files", "[method]byte-reader.read", content, 65536))) is not None:
        count += len(some)
    done(penstock.call("connector/files", "[method]byte-reader.end", content))
    content.drop(penstock.store)
    return {"bytes": count}


def calls(penstock, of, *counts):
    memory, made = {}, 0
    for count in map(int, counts):
        for _ in range(made, count):
            done(penstock.call(OPERATIONS, "invoke", "servicetitan", "jpm.jobs-get", [("id", of)], None, None))
        made = count
        with open("/proc/self/statm") as statm:
            memory[count] = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {"memory": memory}


if __name__ == "__main__":
    _, component, command, *rest = sys.argv
    commands = {"jobs": jobs, "write": write, "file": file, "calls": calls}
    print(json.dumps(commands[command](Penstock(component), *rest)))
