import { local } from './errors.js';
import type { Call } from './call.js';
import type { Task } from './worker.js';

/** Something that a worker is to do, and who waits for it. */
export class Entry {
  /** Whether anybody still waits for it. */
  waited = true;
  readonly #call: Call | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #abort = () => this.reject(this.#call?.signal?.reason);

  constructor(
    readonly name: Task['name'],
    /** Asked for when the worker takes it: the deadline is then what is left of it. */
    readonly given: () => unknown[],
    call: Call | undefined,
    settled: { resolve: (value: unknown) => void; reject: (error: unknown) => void },
  ) {
    this.#call = call;
    this.#resolve = settled.resolve;
    this.#reject = settled.reject;
    const { signal } = call ?? {};
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
    const left = call?.left ?? Infinity;
    // A timer holds no more than 2^31 ms.
    if (this.waited && left < 2 ** 31) this.#timer = setTimeout(() => this.reject(call?.late()), Math.max(0, left));
  }

  /** The worker takes it now: the component counts the time itself. */
  begin(): void {
    clearTimeout(this.#timer);
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    clearTimeout(this.#timer);
    this.#call?.signal?.removeEventListener('abort', this.#abort);
    const { waited } = this;
    this.waited = false;
    return waited;
  }
}

/** What becomes of a call whose client is closed. */
export function closed(begun: boolean): Error {
  const message = begun ? 'the client was closed under the call' : 'the client was closed before the call began';
  return local('host', message, [], { outcome: begun ? 'unknown' : 'not-sent' });
}
