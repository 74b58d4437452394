#!/usr/bin/env bash
# @bytecodealliance/preview2-shim 0.26.1 (npm): two `set-cookie` of a response become one that is no cookie; bytes change.
#
# wasi:http 0.2: `fields` is a multimap, `entries` gives a name once for each of its values, and a value is a list of
# bytes. RFC 9110, 5.3 takes Set-Cookie by name as the field whose lines must not be combined, since its dates have commas.
# Seen: a component gets `a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT,b=2` in one value: the second cookie is lost, and the
# first has a broken date. And a value with the bytes C3 A9 (a name in UTF-8) arrives as C3 83 C2 A9: taken for Latin-1
# and encoded again. A session that needs both cookies, or a signature over such a header, cannot be kept or checked.
#
# Needs Node 20 with npm and the network for the package; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" @bytecodealliance/preview2-shim@0.26.1
cat >server.mjs <<'JS'
// In a process of its own: the shim's `block` stops the thread that calls it.
import { createServer } from 'node:net';

const ANSWER = Buffer.from([
    'HTTP/1.1 200 OK', 'set-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'set-cookie: b=2',
    'x-name: é', 'content-length: 2', '', 'ok',
].join('\r\n'), 'utf8');
const server = createServer((socket) => socket.once('data', () => socket.end(ANSWER)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { http } from '@bytecodealliance/preview2-shim';

const { Fields, OutgoingBody, OutgoingRequest } = http.types;
const server = spawn(process.execPath, ['server.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.once('exit', () => server.kill());
const port = await new Promise((done) => server.stdout.once('data', (text) => done(Number(text))));

const request = new OutgoingRequest(new Fields());
request.setScheme({ tag: 'HTTP' });
request.setAuthority(`127.0.0.1:${port}`);
request.setPathWithQuery('/');
const body = request.body();
const future = http.outgoingHandler.handle(request, undefined);
OutgoingBody.finish(body, undefined);
future.subscribe().block();
for (const [name, value] of future.get().val.val.headers().entries())
    console.log(`${name}: ${name === 'x-name' ? Buffer.from(value).toString('hex') : Buffer.from(value)}`);
process.exit();
JS
seen=$(node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = "set-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT,b=2
x-name: c383c2a9
content-length: 2" ]
