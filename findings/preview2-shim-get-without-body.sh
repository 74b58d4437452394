#!/usr/bin/env bash
# @bytecodealliance/preview2-shim 0.26.1 (npm): a GET whose body nobody asked for never ends, and keeps its connection.
#
# wasi:http 0.2: `outgoing-request.body` is for those who want to write one; a request that is handled without it has none.
# RFC 9112, 9.3: a connection can serve the next request when a request and its response are over. The shim makes a body for every
# request, and ends the request when that body is finished, which a component that sends no body has no reason to do. Seen: twenty
# GETs in turn, each read to the end of its answer and each resource dropped, leave twenty connections open; with a body that is asked
# for and finished they all go over one. A long-lived component runs out of descriptors.
#
# Needs Node 20 with npm and the network for the package; serves on loopback only. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" @bytecodealliance/preview2-shim@0.26.1
cat >server.mjs <<'JS'
// In a process of its own: the shim's `block` stops the thread that calls it. Answers how many connections are open.
import { createServer } from 'node:http';

let open = 0;
const server = createServer((_, response) => response.end(String(open)));
server.keepAliveTimeout = 60_000;
server.on('connection', (socket) => {
    open++;
    socket.once('close', () => open--);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { http } from '@bytecodealliance/preview2-shim';

const { Fields, OutgoingBody, OutgoingRequest } = http.types;
const dispose = Symbol.dispose ?? Symbol.for('dispose');
const server = spawn(process.execPath, ['server.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.once('exit', () => server.kill());
const port = await new Promise((done) => server.stdout.once('data', (text) => done(Number(text))));

function get(finishes) {
    const request = new OutgoingRequest(new Fields());
    request.setScheme({ tag: 'HTTP' });
    request.setAuthority(`127.0.0.1:${port}`);
    request.setPathWithQuery('/');
    const body = finishes ? request.body() : undefined;
    const future = http.outgoingHandler.handle(request, undefined);
    if (finishes) OutgoingBody.finish(body, undefined);
    const answered = future.subscribe();
    answered.block();
    answered[dispose]();
    const response = future.get().val.val;
    future[dispose]();
    const incoming = response.consume();
    const stream = incoming.stream();
    let text = '';
    try {
        for (;;) text += Buffer.from(stream.blockingRead(1024n));
    } catch (error) {
        if (error.tag !== 'closed' && error.payload?.tag !== 'closed') throw error;
    }
    for (const resource of [stream, incoming, response]) resource[dispose]();
    return Number(text);
}
for (const finishes of [true, false]) {
    let open = 0;
    for (let made = 0; made < 20; made++) open = get(finishes);
    console.log(`body ${finishes ? 'finished' : 'not asked for'}: ${open} connections`);
}
process.exit();
JS
seen=$(node finding.mjs)
printf '%s\n' "$seen"
[ "$seen" = "body finished: 1 connections
body not asked for: 20 connections" ]
