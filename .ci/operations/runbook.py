"""`runbook.py PROGRAM RUNBOOK`: runs every command of the runbook that needs no cluster, against a gateway, a Redis and a simulated vendor."""

import hashlib
import os
import pathlib
import re
import subprocess
import sys

from processes import Programs, end, free_port, get, simulated, until

KEY = "pk_of_the_operator_0123456789"
# What stands for something that whoever reads it knows.
STANDS_FOR = {"OPERATION": "jpm.job-types-list"}
RUNS = ("curl ", "penstock ", "redis-cli ")


def commands(text):
    """Those in blocks, and those within a sentence."""
    for block in re.findall(r"(?s)```sh\n(.*?)```", text):
        yield from (line.split("  #")[0].strip() for line in block.splitlines() if line.strip())
    for inline in re.findall(r"`([^`\n]+)`", re.sub(r"(?s)```.*?```", "", text)):
        if inline.startswith((*RUNS, "kubectl ")):
            yield inline


def main():
    program, text = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text()
    with Programs() as programs:
        redis = free_port()
        programs.start(["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""])
        environment = dict(
            os.environ, **simulated(programs, program), LOG_LEVEL="error", KEY=KEY, PENSTOCK_API_KEY=KEY,
            SERVICETITAN_CREDENTIALS_ISSUED_AT="2026-11-01",
            PENSTOCK_STATE_URL=f"redis://127.0.0.1:{redis}", PENSTOCK_STATE_SECRET="0123456789abcdef0123456789abcdef",
            # Nobody waits there: there is an outbox, and it is empty.
            PENSTOCK_WEBHOOK_DESTINATIONS='[{"name":"nobody","url":"https://nobody.invalid/","secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}]',
            PENSTOCK_API_KEY_HASH="sha256:" + hashlib.sha256(KEY.encode()).hexdigest())
        process, url = programs.gateway(program, ["--real", "--listen", "127.0.0.1:0"], environment)
        until("ready", lambda: get(f"{url}/ready")[0] == 200)
        environment["URL"] = url
        environment["PATH"] = f"{pathlib.Path(program).parent}:{os.environ['PATH']}"
        ran, left = 0, 0
        for command in dict.fromkeys(commands(text)):
            if not command.startswith(RUNS):
                left += 1
                continue
            # A command without its vendor is an option that a sentence names.
            if re.fullmatch(r"penstock (doctor|doctor --\S+)", command):
                continue
            for name, value in STANDS_FOR.items():
                command = command.replace(name, value)
            command = command.replace("curl ", "curl --fail ", 1)
            done = subprocess.run(["bash", "-c", command], env=environment, cwd=programs.folder, capture_output=True, text=True, timeout=180)
            assert done.returncode == 0, f"{command}: {done.returncode}: {done.stdout[-1500:]}{done.stderr[-500:]}"
            ran += 1
        assert ran > 6, ran
        assert end(process) == 0
        print(f"{ran} commands of the runbook ran; {left} need a cluster")


main()
