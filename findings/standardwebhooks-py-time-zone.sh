#!/usr/bin/env bash
# standardwebhooks 1.1.0 (PyPI): `Webhook.sign` of a time that knows its zone signs another instant, unless the zone is UTC.
#
# It takes a `datetime` and has to sign `id.timestamp.body`, the timestamp being the seconds since 1970 that the header
# `webhook-timestamp` carries (Standard Webhooks, "Signature scheme"). An aware `datetime` is one instant, whatever zone
# it is written in: 12:00 UTC and 08:00 in New York in summer give the same seconds.
# Seen: it overwrites the zone with UTC instead of converting, so the signature is for four hours earlier. A sender with
# `datetime.now(ZoneInfo("America/New_York"))` sends webhooks whose headers and body are right, and which every receiver
# refuses, this library's own `verify` too ("No matching signature found"). The npm package 1.1.1 signs them rightly.
#
# Needs Python 3 with venv, Node 20 with npm, and the network for the packages. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" standardwebhooks@1.1.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir standardwebhooks==1.1.0 tzdata==2025.2
cat >finding.py <<'PYTHON'
import subprocess
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from standardwebhooks import Webhook, WebhookVerificationError

SECRET, BODY = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u", '{"type":"job.completed"}'
webhook = Webhook(SECRET)
now = datetime.now(timezone.utc)
npm = subprocess.run(
    ["node", "sign.mjs", SECRET, now.isoformat(), BODY], check=True, capture_output=True, text=True
).stdout.strip()
for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
    sent = now.astimezone(ZoneInfo(zone))
    signature = webhook.sign("msg_1", sent, BODY)
    headers = {
        "webhook-id": "msg_1", "webhook-timestamp": str(int(sent.timestamp())), "webhook-signature": signature,
    }
    try:
        webhook.verify(BODY, headers)
        verdict = "accepted"
    except WebhookVerificationError as error:
        verdict = str(error)
    print(f"{zone}: same instant {sent == now}, as npm signs {signature == npm}, verify: {verdict}")
PYTHON
cat >sign.mjs <<'JS'
import { Webhook } from 'standardwebhooks';
const [secret, time, body] = process.argv.slice(2);
console.log(new Webhook(secret).sign('msg_1', new Date(time), body));
JS
seen=$(venv/bin/python finding.py)
printf '%s\n' "$seen"
[ "$seen" = "UTC: same instant True, as npm signs True, verify: accepted
America/New_York: same instant True, as npm signs False, verify: No matching signature found
Asia/Kolkata: same instant True, as npm signs False, verify: No matching signature found" ]
