#!/usr/bin/env bash
# ndjson 0.3.1 (PyPI): a U+2028, U+2029 or U+0085 inside a text is read as a comma.
#
# NDJSON's records end with a line feed, and nothing else ends one. The three characters are allowed inside JSON strings
# as they are (RFC 8259, 7): JavaScript's JSON.stringify writes them so, and Python's json with `ensure_ascii=False`.
# Seen: `loads` and `load` cut the text with `splitlines`, which takes them for ends of lines, and join the pieces with
# commas to one JSON list, so that a cut inside a string is healed by a comma: the record parses, with another text, and
# no error. What its own `dumps(..., ensure_ascii=False)` wrote comes back changed. jsonlines 4.0.0 reads all rightly.
#
# Needs Python 3 with venv and the network for the packages. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir ndjson==0.3.1 jsonlines==4.0.0
cat >"$folder/finding.py" <<'PYTHON'
import io

import jsonlines, ndjson

for separator in ("\u2028", "\u2029", "\u0085"):
    records = [{"id": 1, "note": f"gate{separator}code"}, {"id": 2, "note": "none"}]
    text = ndjson.dumps(records, ensure_ascii=False)
    for name, read in (
        ("ndjson.loads", ndjson.loads(text)),
        ("ndjson.load", ndjson.load(io.StringIO(text))),
        ("jsonlines", list(jsonlines.Reader(io.StringIO(text)))),
    ):
        print(f"U+{ord(separator):04X} {name}: {len(read)} records, {read[0]['note']!a}")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/finding.py")
printf '%s\n' "$seen"
[ "$seen" = "U+2028 ndjson.loads: 2 records, 'gate,code'
U+2028 ndjson.load: 2 records, 'gate,code'
U+2028 jsonlines: 2 records, 'gate\\u2028code'
U+2029 ndjson.loads: 2 records, 'gate,code'
U+2029 ndjson.load: 2 records, 'gate,code'
U+2029 jsonlines: 2 records, 'gate\\u2029code'
U+0085 ndjson.loads: 2 records, 'gate,code'
U+0085 ndjson.load: 2 records, 'gate,code'
U+0085 jsonlines: 2 records, 'gate\\x85code'" ]
