#!/usr/bin/env bash
# openapi-python-client 0.29.1 (PyPI): sends arrays and objects of the query in another style than the document says.
#
# OpenAPI 3.0.3 ("Parameter Object", "Style Values" and "Style Examples"): an array with `style: form` and `explode: false` is
# `ids=1,2,3`, with `style: pipeDelimited` and `explode: false` `states=Done|Held`; an object with `style: deepObject` is
# `range[from]=a&range[to]=b`. The generator makes a client without a warning.
# Seen: `style` and `explode` are not looked at. Arrays go out as `ids=1&ids=2&ids=3`, of which servers that were promised one
# value take the first or the last, and answer with fewer records and no error. The object's members go out as parameters of their
# own, `from=a&to=b`: one that has the name of another parameter replaces its value, here the `limit` that the caller set.
#
# Needs Python 3 with venv and the network for the packages; no sockets. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir openapi-python-client==0.29.1 httpx==0.28.1 ruff==0.14.9
export PATH="$folder/venv/bin:$PATH"
cat >jobs.json <<'JSON'
{"openapi": "3.0.3", "info": {"title": "jobs", "version": "1"}, "paths": {"/jobs": {"get": {
  "operationId": "listJobs", "tags": ["jobs"],
  "parameters": [
    {"name": "ids", "in": "query", "style": "form", "explode": false,
     "schema": {"type": "array", "items": {"type": "integer"}}},
    {"name": "states", "in": "query", "style": "pipeDelimited", "explode": false,
     "schema": {"type": "array", "items": {"type": "string"}}},
    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
    {"name": "range", "in": "query", "style": "deepObject", "explode": true,
     "schema": {"type": "object", "properties": {
       "from": {"type": "string"}, "to": {"type": "string"}, "limit": {"type": "integer"}}}}],
  "responses": {"200": {"description": "jobs", "content": {"application/json": {"schema": {"type": "object"}}}}}}}}}
JSON
openapi-python-client generate --path jobs.json --output-path made >generated 2>&1
cat >finding.py <<'PYTHON'
import sys

sys.path.insert(0, "made")
import httpx
from jobs_client import Client
from jobs_client.api.jobs import list_jobs
from jobs_client.models import ListJobsRange

asked = []


def answer(request):
    asked.append(request.url.query.decode())
    return httpx.Response(200, json={})


client = Client(base_url="http://vendor.invalid", httpx_args={"transport": httpx.MockTransport(answer)})
list_jobs.sync_detailed(client=client, ids=[1, 2, 3])
list_jobs.sync_detailed(client=client, states=["Done", "Held"])
list_jobs.sync_detailed(client=client, limit=10, range_=ListJobsRange(from_="a", to="b"))
list_jobs.sync_detailed(client=client, limit=10, range_=ListJobsRange(from_="a", limit=99))
print("\n".join(asked))
PYTHON
seen=$(python finding.py)
cat generated
printf 'queries:\n%s\n' "$seen"
[ "$seen" = "ids=1&ids=2&ids=3
states=Done&states=Held
limit=10&from=a&to=b
limit=99&from=a" ]
