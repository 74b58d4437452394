"""Programs that the checks start on loopback, and end."""

import contextlib
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

# A cold start compiles the component.
PATIENCE = 180


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, condition, patience=PATIENCE):
    """Waits until the condition is true, and returns what it is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {patience} s")


def get(url, headers=None):
    """Status and body; status 0 if nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class Programs(contextlib.ExitStack):
    """Started programs, which end with it, and a folder for their files."""

    def __init__(self):
        super().__init__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        self.count = 0

    def start(self, command, **options):
        self.count += 1
        log = open(self.folder / f"log-{self.count}", "w")
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, **options)
        process.log = log.name
        self.callback(end, process)
        return process

    def gateway(self, program, arguments, environment):
        """`penstock serve`; the process, and its URL."""
        process = self.start([program, "serve", *arguments], env=environment)

        def url():
            if process.poll() is not None:
                raise SystemExit(f"a gateway ended: {pathlib.Path(process.log).read_text()[-2000:]}")
            return re.search(r"http://[\d.]+:\d+", pathlib.Path(process.log).read_text())

        return process, until("a gateway", url).group()


def end(process, patience=60):
    """By SIGTERM; the exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def simulated(programs, program, *options):
    """A simulated vendor, and the settings that it prints."""
    process = programs.start([program, "vendor", "--jobs", "500", *options])
    text = until("a vendor", lambda: (t := open(process.log).read()).count("=") >= 6 and t)
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if line and line[0].isupper() and "=" in line)
