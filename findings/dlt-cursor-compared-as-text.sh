#!/usr/bin/env bash
# dlt 1.31.0: `dlt.sources.incremental` drops a record that is newer than the last one, since it compares times as text.
#
# Its documentation takes ISO 8601 texts of a REST API as cursor (`updated_at`, `initial_value="1970-01-01T00:00:00Z"`)
# and says that records are loaded whose cursor is higher than the last known value. The comparison is that of texts.
# By RFC 3339, 5.1 these sort like times only while all have as many digits of a second and the same offset. .NET's
# System.Text.Json leaves trailing zeros away: 10:00:00.25Z follows 10:00:00Z, and `.` sorts before `Z`.
# Seen: the second run gets three records and loads one: the record of 10:00:00.25 is taken for an old one and is lost
# for good, and so is one of 09:30:00-05:00 (14:30 UTC). The column in the destination is a timestamp. No warning.
#
# Needs Python 3 with venv and the network for the packages; a DuckDB file in a temporary folder. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir 'dlt[duckdb]==1.31.0' duckdb==2.0.1
cat >"$folder/finding.py" <<'PYTHON'
import sys

import dlt

folder = sys.argv[1]
ANSWERS = [
    [{"id": 1, "modifiedOn": "2026-06-01T10:00:00Z"}],
    [
        {"id": 2, "modifiedOn": "2026-06-01T10:00:00.25Z"},
        {"id": 3, "modifiedOn": "2026-06-01T09:30:00-05:00"},
        {"id": 4, "modifiedOn": "2026-06-01T15:00:00Z"},
    ],
]


@dlt.resource(primary_key="id")
def jobs(answer, cursor=dlt.sources.incremental("modifiedOn", initial_value="1970-01-01T00:00:00Z")):
    yield answer


pipeline = dlt.pipeline("finding", destination=dlt.destinations.duckdb(folder + "/db"), pipelines_dir=folder)
for answer in ANSWERS:
    pipeline.run(jobs(answer))
with pipeline.sql_client() as client:
    print("loaded:", *(row[0] for row in client.execute_sql("SELECT id FROM jobs ORDER BY id")))
    print("type:", client.execute_sql("SELECT typeof(modified_on) FROM jobs LIMIT 1")[0][0])
PYTHON
cd "$folder"
seen=$(HOME=$folder RUNTIME__DLTHUB_TELEMETRY=false "$folder/venv/bin/python" finding.py "$folder")
printf 'of the records 1 to 4, each newer than the one before:\n%s\n' "$seen"
[ "$seen" = "loaded: 1 4
type: TIMESTAMP WITH TIME ZONE" ]
