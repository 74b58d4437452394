#!/usr/bin/env bash
# ratelimit-header-parser 0.1.0 (npm): `Retry-After: 30` says to it that the limit is reset in January 1970.
#
# It promises the limits of an answer in one form, `reset` being the Date at which one may go on. For answers with
# `X-RateLimit-Remaining` and no reset of their own it takes `Retry-After`, which by RFC 9110, 10.2.3 is a number of
# seconds to wait after the answer, or a date.
# Seen: the seconds are read as a Unix time, so that whoever waits until `reset` does not wait at all, on a 429 that said
# when to come back; a date becomes `Invalid Date`, and `setTimeout` with what is computed from that does not wait either.
# `RateLimit-Reset: 30` is read rightly.
#
# Needs Node 20 with npm and the network for the package. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" ratelimit-header-parser@0.1.0
cat >finding.mjs <<'JS'
import { parseRateLimit } from 'ratelimit-header-parser';

const inHalfAMinute = new Date(Date.now() + 30_000).toUTCString();
const answers = [
    { 'RateLimit-Limit': '60', 'RateLimit-Remaining': '0', 'RateLimit-Reset': '30' },
    { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '0', 'Retry-After': '30' },
    { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '0', 'Retry-After': inHalfAMinute },
];
for (const answer of answers) {
    const { reset } = parseRateLimit(new Headers(answer));
    const wait = Math.round((reset - Date.now()) / 1000);
    console.log(`${Object.keys(answer).at(-1)}: ${Number.isNaN(wait) ? reset : wait < 0 ? reset.toISOString() : `in ${wait} s`}`);
}
JS
seen=$(node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = "RateLimit-Reset: in 30 s
Retry-After: 1970-01-01T00:00:30.000Z
Retry-After: Invalid Date" ]
