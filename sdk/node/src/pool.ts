import { MessageChannel, Worker } from 'node:worker_threads';
import { ComponentError, type Failure, PenstockError } from './errors.js';
import type { Question, Reply } from './host.js';
import type { MemoryState } from './state.js';
import type { Done, Task } from './worker.js';

type Lookup = (name: string) => string | undefined | Promise<string | undefined>;

/** An instance of the component, in a thread of its own. It makes one call at a time, and the others wait for it. */
export class Instance {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  // What a function of the caller's threw: it must not go through the component.
  #thrown: { error: unknown } | undefined;
  #count = 0;

  constructor(lookup: Lookup, state: MemoryState, private readonly alone: boolean, ended: (instance: Instance) => void) {
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
    this.#worker.on('message', (done: Done) => this.#done(done, ended));
    this.#worker.on('error', (error) => this.#end(error, ended));
    // Neither keeps a process alive that has nothing else to do.
    this.#worker.unref();
    port1.unref();
  }

  /** How many calls it has in hand. */
  get load(): number {
    return this.#waiting.size;
  }

  /** Calls a function of the worker. */
  call<T>(name: Task['name'], ...given: unknown[]): Promise<T> {
    const id = ++this.#count;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#worker.ref();
    this.#worker.postMessage({ id, name, given } satisfies Task);
    return answer as Promise<T>;
  }

  async #answer(question: Question, lookup: Lookup, state: MemoryState): Promise<Reply> {
    try {
      if (question.interface === 'setting') return { ok: (await lookup(question.name)) || undefined };
      if (this.alone && question.name === 'takeTurns') return { failed: { tag: 'unavailable', val: 'there are no other instances' } };
      const stored = state as unknown as Record<string, (...given: unknown[]) => unknown>;
      return { ok: stored[question.name]?.(...question.given) };
    } catch (error) {
      this.#thrown ??= { error };
      return { failed: { tag: 'failed', val: 'the function threw' } };
    }
  }

  #done(done: Done, ended: (instance: Instance) => void): void {
    if ('broken' in done) {
      this.#end(new Error(done.broken), ended);
      return;
    }
    const waiting = this.#waiting.get(done.id);
    this.#waiting.delete(done.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    const thrown = this.#thrown;
    this.#thrown = undefined;
    if (thrown !== undefined) waiting?.reject(thrown.error);
    else if ('value' in done) waiting?.resolve(done.value);
    else waiting?.reject(new PenstockError(done.failure as Failure));
  }

  #end(cause: Error, ended: (instance: Instance) => void): void {
    ended(this);
    for (const { reject } of this.#waiting.values()) reject(new ComponentError('the component ended', { cause }));
    this.#waiting.clear();
    void this.#worker.terminate();
  }

  /** Ends the thread. */
  async close(): Promise<void> {
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
  ) {}

  /** The instance with the fewest calls in hand. */
  any(): Instance {
    const least = [...this.#instances].reduce<Instance | undefined>((best, one) => (best === undefined || one.load < best.load ? one : best), undefined);
    if (least !== undefined && (least.load === 0 || this.#instances.size >= this.most)) return least;
    const instance = new Instance(this.lookup, this.state, this.alone, (ended) => this.#instances.delete(ended));
    this.#instances.add(instance);
    return instance;
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    await Promise.all([...this.#instances].map((instance) => instance.close()));
    this.#instances.clear();
  }
}
