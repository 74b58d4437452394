#!/usr/bin/env bash
# @bytecodealliance/preview2-shim 0.26.1 (npm): its connect timeout ends calls that are connected, as `connection-timeout`.
#
# wasi:http 0.2, request-options: `connect-timeout` is "the timeout for the initial connect to the HTTP Server",
# `first-byte-timeout` the one for the first byte of the response's body; a setter that fails says that a timeout is not
# supported. A caller may take `connection-timeout` for "the server has not got it", and send a POST again.
# Seen: both setters take their value, but the timeout for connecting ends what is long connected, and the one for the
# first byte ends nothing. A server that has the whole request and works on it for 2.5 s is given up after the 1 s for
# connecting although 20 s are allowed for the first byte; with 20 s and 1 s the caller waits until the server answers.
# Components that jco transpiles get this shim for wasi:http 0.2 unless told otherwise.
#
# Needs Node 20 with npm and the network for the package; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" @bytecodealliance/preview2-shim@0.26.1
cat >server.mjs <<'JS'
// In a process of its own: the shim's `block` stops the thread that calls it.
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';

const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    appendFileSync('received', `${request.method} ${body}\n`);
    setTimeout(() => response.end('made'), 2_500);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { http } from '@bytecodealliance/preview2-shim';

const { Fields, OutgoingBody, OutgoingRequest, RequestOptions } = http.types;
const SECOND = 1_000_000_000n;
const server = spawn(process.execPath, ['server.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.once('exit', () => server.kill());
const port = await new Promise((done) => server.stdout.once('data', (text) => done(Number(text))));

for (const [connect, firstByte] of [[1n, 20n], [20n, 1n]]) {
    writeFileSync('received', '');
    const options = new RequestOptions();
    options.setConnectTimeout(connect * SECOND);
    options.setFirstByteTimeout(firstByte * SECOND);
    const request = new OutgoingRequest(Fields.fromList([['content-length', Buffer.from('5')]]));
    request.setMethod({ tag: 'post' });
    request.setScheme({ tag: 'HTTP' });
    request.setAuthority(`127.0.0.1:${port}`);
    request.setPathWithQuery('/jobs');
    const body = request.body();
    const future = http.outgoingHandler.handle(request, options);
    const stream = body.write();
    stream.blockingWriteAndFlush(Buffer.from('4,711'));
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, undefined);
    future.subscribe().block();
    const result = future.get().val;
    console.log(`connect ${connect} s, first byte ${firstByte} s:`,
        result.tag === 'err' ? result.val.tag : `status ${result.val.status()}`,
        `- the server got ${JSON.stringify(readFileSync('received', 'utf8').trim())}`);
}
process.exit();
JS
seen=$(node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = 'connect 1 s, first byte 20 s: connection-timeout - the server got "POST 4,711"
connect 20 s, first byte 1 s: status 200 - the server got "POST 4,711"' ]
