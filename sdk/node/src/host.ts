// What the component asks of its host, in a worker: the thread that started it answers, and this one waits. A host
// function may throw nothing but what its error is made of.
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';

/** What a worker is started with. */
export interface Start {
  /** Where questions go, and where their answers come. */
  port: MessagePort;
  /** One number in memory that both share: 1 once an answer is there. */
  flag: Int32Array;
}

/** A question, and its answer. */
export interface Question {
  interface: 'setting' | 'state';
  name: string;
  given: unknown[];
}
export type Reply = { ok: unknown } | { failed: { tag: 'failed' | 'unavailable'; val: string } };

const { port, flag } = workerData as Start;

function ask(question: Question): unknown {
  port.postMessage(question);
  Atomics.wait(flag, 0, 0);
  Atomics.store(flag, 0, 0);
  const reply = receiveMessageOnPort(port)?.message as Reply;
  if ('failed' in reply) throw reply.failed;
  return reply.ok;
}

const get = (name: string) => ask({ interface: 'setting', name, given: [] });
const stored = (name: string) => (...given: unknown[]) => ask({ interface: 'state', name, given });

export const config = { get };
export const secrets = { get };
export const state = {
  get: stored('get'),
  set: stored('set'),
  delete: stored('delete'),
  claim: stored('claim'),
  swap: stored('swap'),
  release: stored('release'),
  listKeys: stored('listKeys'),
  takeTurns: stored('takeTurns'),
};
