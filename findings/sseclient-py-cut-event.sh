#!/usr/bin/env bash
# sseclient-py 1.9.0 (PyPI): an event whose end never came is given out as a whole one.
#
# An event of `text/event-stream` ends with an empty line; when the stream ends before it, "the incomplete event is not
# dispatched" (HTML standard, 9.2.6), since nobody knows what was still to come. So do httpx-sse 0.4.3 and
# eventsource-parser 3.1.1 (npm).
# Seen: what there is of it is an event like any other, with the data and the id that had come: of a text over several
# `data` lines the first ones, and the last line itself as far as it got. Numbers still parse when they are cut: 120.00
# is 12. Whoever keeps the id as the place to go on from (`Last-Event-ID`) skips the whole event for good.
#
# Needs Python 3 with venv, Node 20 with npm, and the network for the packages; no sockets. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" eventsource-parser@3.1.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir sseclient-py==1.9.0 httpx-sse==0.4.3 httpx==0.28.1
cat >finding.py <<'PYTHON'
import httpx, httpx_sse, sseclient

STREAM = b"id: 1\ndata: 7.50\n\nid: 2\ndata: paid\ndata: 120.00\n\n"

for missing in (0, 1, 6):
    body = STREAM[: len(STREAM) - missing]
    with open(f"stream{missing}", "wb") as file:
        file.write(body)
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    for name, events in (
        ("sseclient-py", sseclient.SSEClient([body]).events()),
        ("httpx-sse", httpx_sse.EventSource(response).iter_sse()),
    ):
        print(f"{missing} bytes missing, {name}:", *((event.id, event.data) for event in events))
PYTHON
cat >finding.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { createParser } from 'eventsource-parser';

for (const missing of [0, 1, 6]) {
    const events = [];
    createParser({ onEvent: (event) => events.push(event.id) }).feed(readFileSync(`stream${missing}`, 'utf8'));
    console.log(`${missing} bytes missing, eventsource-parser: ${events}`);
}
JS
seen=$(venv/bin/python finding.py && node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = "0 bytes missing, sseclient-py: ('1', '7.50') ('2', 'paid\\n120.00')
0 bytes missing, httpx-sse: ('1', '7.50') ('2', 'paid\\n120.00')
1 bytes missing, sseclient-py: ('1', '7.50') ('2', 'paid\\n120.00')
1 bytes missing, httpx-sse: ('1', '7.50')
6 bytes missing, sseclient-py: ('1', '7.50') ('2', 'paid\\n12')
6 bytes missing, httpx-sse: ('1', '7.50')
0 bytes missing, eventsource-parser: 1,2
1 bytes missing, eventsource-parser: 1
6 bytes missing, eventsource-parser: 1" ]
