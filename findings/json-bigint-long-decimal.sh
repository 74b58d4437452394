#!/usr/bin/env bash
# json-bigint 1.0.0 (npm): a decimal of 16 characters is taken for a big integer, and then refused or made a string.
#
# It parses JSON "with bigints support": integers that a double cannot hold become BigInt with `useNativeBigInt`, and
# strings with `storeAsString`, which its README explains as "if BigInts should be stored in the object as a string".
# Seen: what decides is the length of the text alone, the point and the exponent counted in. An ordinary double, such as a
# coordinate or 4.35 that was computed (4.3500000000000005), is over it: with `useNativeBigInt` valid JSON is an error
# ("Cannot convert ... to a BigInt"), with `storeAsString` the same field is a number in one record and a string in the
# next. Whoever chose it for the ids meets it in the coordinates. lossless-json 4.3.3 can tell the two apart.
#
# Needs Node 20 with npm and the network for the packages. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" json-bigint@1.0.0 lossless-json@4.3.3
cat >finding.mjs <<'JS'
import jsonBigint from 'json-bigint';
import { isInteger, parse } from 'lossless-json';

const parsers = {
    useNativeBigInt: jsonBigint({ useNativeBigInt: true }).parse,
    storeAsString: jsonBigint({ storeAsString: true }).parse,
    'lossless-json': (text) => parse(text, null, (number) => (isInteger(number) ? BigInt(number) : Number(number))),
};
for (const [name, read] of Object.entries(parsers)) {
    for (const text of ['9007199254740993', '52.5', '52.51623456789012']) {
        let type;
        try {
            const { value } = read(`{"value":${text}}`);
            type = `${typeof value} ${value}`;
        } catch (error) {
            type = error.message;
        }
        console.log(`${name}: ${text} -> ${type}`);
    }
}
JS
seen=$(node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = "useNativeBigInt: 9007199254740993 -> bigint 9007199254740993
useNativeBigInt: 52.5 -> number 52.5
useNativeBigInt: 52.51623456789012 -> Cannot convert 52.51623456789012 to a BigInt
storeAsString: 9007199254740993 -> string 9007199254740993
storeAsString: 52.5 -> number 52.5
storeAsString: 52.51623456789012 -> string 52.51623456789012
lossless-json: 9007199254740993 -> bigint 9007199254740993
lossless-json: 52.5 -> number 52.5
lossless-json: 52.51623456789012 -> number 52.51623456789012" ]
