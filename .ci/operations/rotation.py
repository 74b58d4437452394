"""`rotation.py PROGRAM TOOLS`: a gateway whose client secret comes from OpenBao, from moto, from a key vault and from mounted files. Under load it
is changed twice and the old one withdrawn each time, and the manager is taken away and brought back. Not one call may fail."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

from managers import KeyVault, Moto, Mounted, OpenBao
from processes import Programs, end, get, simulated, until
from vendor import Vendor

KEY = "pk_of_the_caller_0123456789"
HEADERS = {"X-API-Key": KEY}
CLIENTS = 4
# What is known is served so long.
REFRESH = 1


class Load:
    def __init__(self, url):
        self.done, self.failed, self.served, self.slowest = threading.Event(), [], 0, 0.0
        self.threads = [threading.Thread(target=self.call, args=(f"{url}/v1/servicetitan/default/jpm/{path}",))
                        for path in ("jobs?pageSize=5", "job-types") * (CLIENTS // 2)]
        for thread in self.threads:
            thread.start()

    def call(self, url):
        while not self.done.is_set():
            began = time.monotonic()
            status, body = get(url, HEADERS)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.served += 1
            if status != 200:
                self.failed.append((status, body[:300]))
            time.sleep(0.02)

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


def source(url):
    """What /ready says of the manager."""
    status, text = get(f"{url}/ready", HEADERS)
    assert status == 200, text
    return json.loads(text)["checks"].get("secrets:source", [{}])[0]


def metric(url, name):
    found = re.search(rf"(?m)^{name} (\S+)$", get(f"{url}/metrics", HEADERS)[1])
    return found and float(found.group(1))


def doctor(program, environment):
    asked = subprocess.run([program, "doctor", "servicetitan", "--modules", "jpm", "--json"], env=environment, capture_output=True,
                           text=True, timeout=180)
    checks = {check["name"]: check for check in json.loads(asked.stdout)["checks"]}
    assert checks["secrets"]["status"] == "pass", checks["secrets"]
    assert checks["credentials"]["days_until_expiration"] == 90, checks["credentials"]


def rotated(program, tools, settings, kind):
    with Programs() as programs:
        manager = kind(programs, tools)
        vendor = Vendor(settings["SERVICETITAN_API_URL"], settings["SERVICETITAN_CLIENT_SECRET"])
        vendor.accepted = {"secret-1"}
        manager.rotate("secret-1")
        environment = dict(
            os.environ, **{name: value for name, value in settings.items() if name != "SERVICETITAN_CLIENT_SECRET"} | manager.environment
            | {"SERVICETITAN_API_URL": vendor.url, "SERVICETITAN_AUTH_URL": vendor.url}, LOG_LEVEL="error",
            PENSTOCK_SECRETS_REFRESH=str(REFRESH),
            PENSTOCK_API_KEY_HASH="sha256:" + hashlib.sha256(KEY.encode()).hexdigest())
        process, url = programs.gateway(
            program, ["--real", "--listen", "127.0.0.1:0", "--state", str(programs.folder / "state.db")], environment)
        until("ready", lambda: get(f"{url}/ready")[0] == 200)
        load = Load(url)
        until("load", lambda: load.served > 20 or load.failed)
        for old, new in (("secret-1", "secret-2"), ("secret-2", "secret-3")):
            vendor.accepted = {old, new}
            manager.rotate(new)
            time.sleep(3 * REFRESH)
            vendor.accepted = {new}
            until(f"{new} is used", lambda: new in vendor.used or load.failed, 30)
            time.sleep(1)
        if manager.name:
            assert source(url)["componentId"] == f"{manager.name} at {manager.url}", source(url)
            age = metric(url, "penstock_credentials_age_seconds")
            assert age is not None and age < 120, age
            doctor(program, environment)
            log = pathlib.Path(process.log)
            for change, words, status, value in (
                    (manager.take_away, "gives no secrets", "warn", 0), (manager.bring_back, "answers again", "pass", 1)):
                change()
                until(words, lambda: words in log.read_text() or not source(url), 30)
                # Each instance knows it a moment later.
                until(status, lambda: source(url)["status"] == status, 30)
                until(f"a metric of {value}", lambda: metric(url, "penstock_secret_source_available") == value, 30)
        load.end()
        assert not load.failed, load.failed[:3]
        assert end(process) == 0
        log = pathlib.Path(process.log).read_text()
        assert "secret-" not in log, log
        print(f"{kind.__name__}: {load.served} calls, 0 failed, {load.slowest:.1f} s at most")


def main():
    program, tools = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve() / "bin"
    with Programs() as programs:
        settings = simulated(programs, program, "--unlimited")
        for kind in (OpenBao, Moto, KeyVault, Mounted):
            rotated(program, tools, settings, kind)


main()
