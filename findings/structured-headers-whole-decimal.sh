#!/usr/bin/env bash
# structured-headers 2.1.0 (npm): a decimal that rounds to a whole number is written as `1.`, which is no structured field.
#
# RFC 9651, 4.1.5: round to three digits after the point, and if the fraction is zero then, "append 0". Its parser knows:
# "Decimal cannot end on a period", as in 4.2.4.
# Seen: 1.0004 and 0.99999 become `1.`, -0.0001 `-0.`; the library refuses its own output, and so does every receiver
# that keeps to 4.2, which has to ignore the whole field then (RateLimit, Priority, Signature-Input). 1.5 and the
# integer 1 are right. Rates, ages and weights that were computed hit this once in a thousand.
#
# Needs Node 20 with npm and the network for the package. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" structured-headers@2.1.0
cat >finding.mjs <<'JS'
import { parseDictionary, serializeDictionary } from 'structured-headers';

for (const weight of [1.5, 1, 1.0004, 0.99999, -0.0001]) {
    const field = serializeDictionary(new Map([['w', [weight, new Map()]]]));
    let read;
    try {
        read = parseDictionary(field).get('w')[0];
    } catch (error) {
        read = error.message;
    }
    console.log(`${weight}: ${field} -> ${read}`);
}
JS
seen=$(node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = "1.5: w=1.5 -> 1.5
1: w=1 -> 1
1.0004: w=1. -> Parse error: Decimal cannot end on a period at offset 4
0.99999: w=1. -> Parse error: Decimal cannot end on a period at offset 4
-0.0001: w=-0. -> Parse error: Decimal cannot end on a period at offset 5" ]
