import { MessageChannel, Worker } from 'node:worker_threads';
import type { Call } from './call.js';
import { ComponentError, type Failure, PenstockError } from './errors.js';
import type { Question, Reply } from './host.js';
import { Entry, closed } from './queue.js';
import { setting } from './settings.js';
import type { MemoryState } from './state.js';
import type { Done, Said, Task } from './worker.js';

type Lookup = (name: string) => string | undefined | Promise<string | undefined>;

/** Takes a line of the log, without its end. */
export type Log = (line: string) => void;

/** An instance of the component, in a thread of its own. It makes one call at a time, and the others wait for it here. */
export class Instance {
  readonly #worker: Worker;
  readonly #waiting: Entry[] = [];
  #running: Entry | undefined;
  #over = false;
  // What a function of the caller's threw: it must not go through the component.
  #thrown: { error: unknown } | undefined;

  constructor(lookup: Lookup, state: MemoryState, private readonly alone: boolean, private readonly log: Log, private readonly ended: (instance: Instance) => void) {
    const { port1, port2 } = new MessageChannel();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    // Options of this process's own command line, such as `--input-type`, are none of a worker's.
    const start = { workerData: { port: port2, flag }, transferList: [port2], name: 'penstock', execArgv: [] };
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), start);
    port1.on('message', async (question: Question) => {
      port1.postMessage(await this.#answer(question, lookup, state));
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    });
    this.#worker.on('message', (said: Done | Said) => ('log' in said ? this.#log(said.log) : this.#done(said)));
    this.#worker.on('error', (error) => this.#end(error));
    // Neither keeps a process alive that has nothing else to do.
    this.#worker.unref();
    port1.unref();
  }

  /** How many calls it has in hand. */
  get load(): number {
    return this.#waiting.length + (this.#running === undefined ? 0 : 1);
  }

  /** Calls a function of the worker. What is aborted, or late, before the worker takes it is never sent. */
  call<T>(name: Task['name'], given: unknown[] | (() => unknown[]), call?: Call): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const entry = new Entry(name, typeof given === 'function' ? given : () => given, call, { resolve, reject });
      if (this.#over) entry.reject(closed(false));
      if (entry.waited) this.#waiting.push(entry);
      this.#next();
    }) as Promise<T>;
  }

  #next(): void {
    while (this.#running === undefined && !this.#over) {
      const entry = this.#waiting.shift();
      if (entry === undefined) {
        this.#worker.unref();
        return;
      }
      if (!entry.waited) continue;
      entry.begin();
      this.#running = entry;
      this.#worker.ref();
      this.#worker.postMessage({ name: entry.name, given: entry.given() } satisfies Task);
    }
  }

  async #answer(question: Question, lookup: Lookup, state: MemoryState): Promise<Reply> {
    try {
      if (question.interface === 'setting') return { ok: setting(question.name, await lookup(question.name)) };
      if (this.alone && question.name === 'takeTurns') return { failed: { tag: 'unavailable', val: 'there are no other instances' } };
      const stored = state as unknown as Record<string, (...given: unknown[]) => unknown>;
      return { ok: stored[question.name]?.(...question.given) };
    } catch (error) {
      this.#thrown ??= { error };
      return { failed: { tag: 'failed', val: 'the function threw' } };
    }
  }

  #log(line: string): void {
    try {
      this.log(line);
    } catch {
      // Nobody waits for it, and no call fails of it.
    }
  }

  #done(done: Done): void {
    if (this.#over) return;
    if ('broken' in done) {
      this.#end(new Error(done.broken));
      return;
    }
    const entry = this.#running;
    this.#running = undefined;
    const thrown = this.#thrown;
    this.#thrown = undefined;
    if (entry !== undefined && !entry.waited && 'value' in done) this.#drop(entry.name, done.value);
    if (thrown !== undefined) entry?.reject(thrown.error);
    else if ('value' in done) entry?.resolve(done.value);
    else entry?.reject(new PenstockError(done.failure as Failure));
    this.#next();
  }

  /** What was opened for somebody who waits no longer is closed. */
  #drop(name: Task['name'], value: unknown): void {
    const handle = name === 'download' ? (value as { content: number }).content : name === 'list' || name === 'upload' ? value : undefined;
    if (handle !== undefined) this.call('drop', [handle]).catch(() => undefined);
  }

  #end(cause: Error): void {
    this.ended(this);
    this.#running?.reject(new ComponentError('the component ended', { cause }));
    void this.close();
  }

  /** Ends the thread, and all that waits for it. */
  async close(): Promise<void> {
    this.#over = true;
    this.#running?.reject(closed(true));
    for (const entry of this.#waiting.splice(0)) entry.reject(closed(false));
    // The process stays until it has ended: who waits for it is told.
    this.#worker.ref();
    await this.#worker.terminate();
  }
}

/** Instances, made when all that there are have a call in hand. */
export class Pool {
  readonly #instances = new Set<Instance>();

  constructor(
    private readonly lookup: Lookup,
    private readonly state: MemoryState,
    private readonly most: number,
    private readonly alone: boolean,
    private readonly log: Log,
  ) {}

  /** The instance with the fewest calls in hand. */
  any(): Instance {
    const least = [...this.#instances].reduce<Instance | undefined>((best, one) => (best === undefined || one.load < best.load ? one : best), undefined);
    if (least !== undefined && (least.load === 0 || this.#instances.size >= this.most)) return least;
    const instance = new Instance(this.lookup, this.state, this.alone, this.log, (ended) => this.#instances.delete(ended));
    this.#instances.add(instance);
    return instance;
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    const instances = [...this.#instances];
    this.#instances.clear();
    await Promise.all(instances.map((instance) => instance.close()));
  }
}
