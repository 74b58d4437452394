import type { Call } from './call.js';
import { type ListEnd, plain } from './pages.js';
import type { Instance, Pool } from './pool.js';
import type { Batch } from './worker.js';

// What crosses between the threads in one go.
const MOST = 1000;

/**
 * A list that is read while it is iterated over, of any length in the same memory. It can be read once, and says so
 * if it is asked again, also after a `break`. While its records
 * are handled, the next ones come.
 */
export class Listing<T> implements AsyncIterable<T> {
  /**
   * Goes on behind the last page whose records were all handed out, also in another process: of a page that was left in its
   * middle, all come again, and none is lost. Undefined while the first page is not read.
   */
  resume: string | undefined;
  /** How the read ended, once it has. Undefined before, and after an error, which says where to go on. */
  end: ListEnd | undefined;

  #begun = false;

  constructor(
    private readonly pool: Pool,
    private readonly given: readonly unknown[],
    private readonly call: Call,
  ) {
    this.resume = call.resume;
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    this.#begin();
    return this.#records();
  }

  /** The records in arrays: those of a page in each. `resume` is behind the one that was given last. */
  batches(): AsyncGenerator<T[], void, undefined> {
    this.#begin();
    return this.#batches();
  }

  /** All of them. */
  async toArray(): Promise<T[]> {
    this.#begin();
    const all: T[] = [];
    for await (const { records } of this.#parts()) for (const one of records) all.push(one);
    this.resume = this.end?.resume ?? this.resume;
    return all;
  }

  /** It would begin anew otherwise, or records would go to whoever asks first. */
  #begin(): void {
    if (this.#begun) throw new TypeError('a list can be read once: make another, which the option `resume: listing.resume` has go on where this one stands');
    this.#begun = true;
  }

  async *#records(): AsyncGenerator<T, void, undefined> {
    for await (const { records, resume } of this.#parts()) {
      yield* records;
      this.resume = resume ?? this.resume;
    }
    this.resume = this.end?.resume ?? this.resume;
  }

  async *#batches(): AsyncGenerator<T[], void, undefined> {
    let page: T[] = [];
    for await (const { records, resume } of this.#parts()) {
      page = page.concat(records);
      if (resume === undefined) continue;
      const whole = page;
      [this.resume, page] = [resume, []];
      if (whole.length > 0) yield whole;
    }
    this.resume = this.end?.resume ?? this.resume;
    if (page.length > 0) yield page;
  }

  async *#parts(): AsyncGenerator<{ records: T[]; resume?: string }, void, undefined> {
    const { call } = this;
    call.begin();
    const instance = this.pool.any();
    const reader = await instance.call<number>('list', () => [...this.given, call.record()], call);
    try {
      let ahead = next(instance, reader, call);
      for (let batch; (batch = await ahead) !== undefined; ) {
        ahead = next(instance, reader, call);
        for (const part of parts<T>(batch)) {
          call.resume = part.resume ?? call.resume;
          yield part;
        }
      }
      this.end = plain<ListEnd>(await instance.call('end', [reader], call));
    } finally {
      // Behind a call that is under way, which nobody waits for.
      instance.call('drop', [reader]).catch(() => undefined);
    }
  }
}

function next(instance: Instance, reader: number, call: Call): Promise<Batch | undefined> {
  const batch = instance.call<Batch | undefined>('next', [reader, MOST], call);
  // It is waited for later, or by nobody.
  batch.catch(() => undefined);
  return batch;
}

function* parts<T>({ json, positions }: Batch): Generator<{ records: T[]; resume?: string }> {
  const records = JSON.parse(json) as T[];
  let begin = 0;
  for (const { behind, resume } of positions) {
    yield { records: records.slice(begin, behind), resume };
    begin = behind;
  }
  if (begin < records.length) yield { records: records.slice(begin) };
}
