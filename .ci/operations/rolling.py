"""`rolling.py PROGRAM`: three gateways on one Redis behind HAProxy, under load: a rolling restart, a canary and its end, blue and green and back.
Not one request may fail."""

import hashlib
import http.client
import os
import signal
import socket
import sys
import threading
import time

from processes import Programs, end, free_port, get, simulated, until

KEY = "pk_of_the_caller_0123456789"
CLIENTS = 8
CONFIG = """
global
    stats socket {socket} level admin
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    # A request that no server has seen yet may go to another one.
    retries 3
    option redispatch
frontend all
    bind 127.0.0.1:{port}
    default_backend gateways
backend gateways
    option httpchk GET /ready
    http-check expect status 200
    default-server check inter 200 fall 1 rise 1
{servers}
"""


class Load:
    """Clients that call, each on a connection of its own."""

    def __init__(self, port):
        self.port, self.done, self.failed, self.served = port, threading.Event(), [], 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.call, args=(n,)) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def call(self, number):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = "/v1/servicetitan/default/jpm/jobs?pageSize=5" if number % 2 else "/v1/servicetitan/default/jpm/job-types"
        while not self.done.is_set():
            try:
                connection.request("GET", path, headers={"X-API-Key": KEY})
                answer = connection.getresponse()
                body = answer.read()
                with self.lock:
                    self.served += 1
                    if answer.status != 200:
                        self.failed.append((answer.status, body[:300]))
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.failed.append((0, repr(error)))
                connection.close()

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


class Deployment:
    def __init__(self, programs, program, vendor, redis):
        self.programs, self.program = programs, program
        self.environment = dict(
            os.environ, **vendor,
            PENSTOCK_API_KEY_HASH="sha256:" + hashlib.sha256(KEY.encode()).hexdigest(),
            PENSTOCK_STATE_URL=f"redis://127.0.0.1:{redis}", SERVICETITAN_RATE_LIMIT="60", LOG_LEVEL="error")
        self.ports = {}
        self.running = {}
        self.socket = str(programs.folder / "haproxy.sock")

    def start(self, name):
        port = self.ports.setdefault(name, free_port())
        arguments = ["--real", "--listen", f"127.0.0.1:{port}", "--drain", "2", "--grace", "10"]
        process, url = self.programs.gateway(self.program, arguments, self.environment)
        until(f"{name} is ready", lambda: get(f"{url}/ready")[0] == 200)
        self.running[name] = process

    def stop(self, name):
        return end(self.running.pop(name))

    def haproxy(self, command):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(self.socket)
            stream.sendall(command.encode() + b"\n")
            return stream.recv(65536).decode()

    def takes_requests(self, name, whether):
        said = self.haproxy(f"set server gateways/{name} state {'ready' if whether else 'drain'}").strip()
        assert not said, said

    def is_up(self, name):
        line = [l for l in self.haproxy("show stat").splitlines() if l.startswith(f"gateways,{name},")]
        return line and line[0].split(",")[17].startswith("UP")


def main():
    program = os.path.abspath(sys.argv[1])
    with Programs() as programs:
        redis = free_port()
        programs.start(["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""])
        deployment = Deployment(programs, program, simulated(programs, program), redis)
        blue, green = ["blue1", "blue2", "blue3"], ["green1", "green2", "green3"]
        for name in blue:
            deployment.start(name)
        port = free_port()
        names = [*blue, *green]
        servers = [f"    server {name} 127.0.0.1:{deployment.ports.setdefault(name, free_port())}" for name in names]
        config = programs.folder / "haproxy.cfg"
        config.write_text(CONFIG.format(socket=deployment.socket, port=port, servers="\n".join(servers)))
        programs.start(["haproxy", "-f", str(config), "-db"])
        until("haproxy", lambda: os.path.exists(deployment.socket) and all(deployment.is_up(name) for name in blue))
        load = Load(port)
        until("load", lambda: load.served > 100 or load.failed)

        # Rolling: each ends by SIGTERM, as a pod does, and nobody tells the proxy but /ready.
        for name in blue:
            assert deployment.stop(name) == 0, name
            deployment.start(name)
            until(f"{name} is back", lambda: deployment.is_up(name))
        rolled = load.served

        # A canary beside them, and its end.
        deployment.start(green[0])
        until("the canary", lambda: deployment.is_up(green[0]))
        time.sleep(2)
        deployment.takes_requests(green[0], False)
        time.sleep(1)
        deployment.takes_requests(green[0], True)

        # All to green, then back to blue.
        for name in green[1:]:
            deployment.start(name)
            until(name, lambda: deployment.is_up(name))
        for here, there in ((blue, green), (green, blue)):
            for name in there:
                deployment.takes_requests(name, True)
            for name in here:
                deployment.takes_requests(name, False)
            time.sleep(2)
        for name in green:
            assert deployment.stop(name) == 0, name
        load.end()
        print(f"{load.served} requests ({rolled} until the rolling restart was over), {len(load.failed)} failed")
        assert not load.failed, load.failed[:5]


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
main()
