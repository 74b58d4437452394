#!/usr/bin/env bash
# opentelemetry-api 1.45.2 (PyPI): a `+` in baggage becomes a blank or nothing, and its own blanks reach others as `+`.
#
# W3C Baggage, definition of `value`: it is percent-encoded; `+` (%x2B) is an octet that needs no encoding: it is itself.
# Seen: the propagator uses the coding of HTML forms instead (`quote_plus`, `unquote_plus`), and then strips blanks:
# `+15550100`, which the Rust SDK for one sends as it stands, arrives as 15550100; base64 and times with an offset have
# a blank in the middle, and are passed on changed. The other way round "Main Street" is sent as `Main+Street`, which
# @opentelemetry/core 2.12.1 (npm) reads, as the standard says, as "Main+Street".
#
# Needs Python 3 with venv, Node 20 with npm, and the network for the packages. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" @opentelemetry/core@2.12.1 @opentelemetry/api@1.9.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir opentelemetry-api==1.45.2
cat >finding.py <<'PYTHON'
import subprocess

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator

propagator = W3CBaggagePropagator()


def javascript(header):
    return subprocess.run(["node", "read.mjs", header], check=True, capture_output=True, text=True).stdout.strip()


for header in ("v=+15550100", "v=a+b/c", "v=10:00+02:00", "v=%2B15550100"):
    read = baggage.get_baggage("v", propagator.extract({"baggage": header}))
    print(f"{header} is read as {read!r}, in JavaScript as {javascript(header)!r}")
carrier = {}
propagator.inject(carrier, baggage.set_baggage("v", "Main Street"))
print(f"'Main Street' is sent as {carrier['baggage']}, which JavaScript reads as {javascript(carrier['baggage'])!r}")
PYTHON
cat >read.mjs <<'JS'
import { ROOT_CONTEXT, defaultTextMapGetter, propagation } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';
const context = new W3CBaggagePropagator().extract(ROOT_CONTEXT, { baggage: process.argv[2] }, defaultTextMapGetter);
console.log(propagation.getBaggage(context).getEntry('v').value);
JS
seen=$(venv/bin/python finding.py)
printf '%s\n' "$seen"
[ "$seen" = "v=+15550100 is read as '15550100', in JavaScript as '+15550100'
v=a+b/c is read as 'a b/c', in JavaScript as 'a+b/c'
v=10:00+02:00 is read as '10:00 02:00', in JavaScript as '10:00+02:00'
v=%2B15550100 is read as '+15550100', in JavaScript as '+15550100'
'Main Street' is sent as v=Main+Street, which JavaScript reads as 'Main+Street'" ]
