// What the component writes to `stderr`, in a worker: whole lines, which the thread that started it is sent before what comes of
// the call. Node's own `stderr` of a worker is written later, and what is left of it at the end of the worker is lost.
import { parentPort } from 'node:worker_threads';
import { cli } from '@bytecodealliance/preview2-shim';

let rest: Buffer = Buffer.alloc(0);

function take(some: Uint8Array): void {
  rest = Buffer.concat([rest, some]);
  for (let end; (end = rest.indexOf('\n')) >= 0; rest = rest.subarray(end + 1)) parentPort?.postMessage({ log: rest.toString('utf8', 0, end) });
}

/** Puts it in the place of what the shim does. */
export function install(): void {
  Object.assign(cli.stderr.getStderr(), {
    checkWrite: () => 65_536n,
    write: take,
    blockingWriteAndFlush: take,
    flush: () => undefined,
    blockingFlush: () => undefined,
  });
}
