#!/usr/bin/env bash
# @stoplight/prism-cli 5.14.2 (npm): one `nullable: true` without a `type` switches the validation of a whole body off.
#
# Prism says that it validates requests against the document. OpenAPI 3.0.3 on `nullable`: it allows null where a `type`
# stands beside it; without one it has no effect. `{"nullable": true}` is then a schema of any value, and
# `{"nullable": true, "oneOf": [...]}` one of the alternatives: what .NET's generators write for references.
# Seen: with such a property anywhere in the schema of the body, every body passes: a wrong type elsewhere, a missing
# required field, a list for an object. The log says "The request passed the validation rules", and warns of nothing. So
# does a `pattern` like `^\d{3}\-\d{4}$`, which is ECMA 262 without the flag `u`. Without them all three are refused.
# A client that was tested against such a mock or proxy was not tested.
#
# Needs Node 20 with npm and the network for the package; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" @stoplight/prism-cli@5.14.2
cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const PROPERTIES = {
    typed: { note: { type: 'string', nullable: true } },
    untyped: { note: { nullable: true } },
    oneOf: { note: { nullable: true, oneOf: [{ type: 'string' }] } },
    nested: { site: { type: 'object', properties: { note: { nullable: true } } } },
    pattern: { phone: { type: 'string', pattern: '^\\d{3}\\-\\d{4}$' } },
};
const BODIES = [{ id: 1 }, { id: 'one' }, {}, []];

const operation = (properties) => ({
    post: {
        requestBody: { required: true, content: { 'application/json': { schema: {
            type: 'object', required: ['id'], properties: { id: { type: 'integer' }, ...properties },
        } } } },
        responses: { 204: { description: 'made' } },
    },
});
const paths = Object.fromEntries(Object.entries(PROPERTIES).map(([name, it]) => [`/${name}`, operation(it)]));
writeFileSync('jobs.json', JSON.stringify({ openapi: '3.0.3', info: { title: 'Jobs', version: '1' }, paths }));

const probe = createServer().listen(0, '127.0.0.1');
await new Promise((done) => probe.once('listening', done));
const { port } = probe.address();
await new Promise((done) => probe.close(done));
const prism = spawn(process.execPath, ['node_modules/@stoplight/prism-cli/dist/index.js', 'mock',
    '--host', '127.0.0.1', '--port', port, 'jobs.json'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.once('exit', () => prism.kill());
let log = '';
await new Promise((done, fail) => {
    prism.stdout.on('data', (text) => { log += text; if (log.includes('is listening')) done(); });
    prism.once('exit', () => fail(new Error(log)));
});
for (const name of Object.keys(PROPERTIES)) {
    const statuses = [];
    for (const body of BODIES) {
        const answer = await fetch(`http://127.0.0.1:${port}/${name}`, {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
        });
        statuses.push(answer.status);
    }
    console.log(`${name}: ${statuses.join(' ')}`);
}
process.exit();
JS
seen=$(node finding.mjs)
printf 'statuses for %s\n%s\n' '{"id":1} {"id":"one"} {} []' "$seen"
[ "$seen" = "typed: 204 422 422 422
untyped: 204 204 204 204
oneOf: 204 204 204 204
nested: 204 204 204 204
pattern: 204 204 204 204" ]
