import { Download, type Upload, about, pieces } from './files.js';
import { Listing } from './listing.js';
import { type CallOptions, type ListOptions, type PageOptions, parameters, record } from './options.js';
import { type Answer, type Page, plain } from './pages.js';
import { Pool } from './pool.js';
import { type Settings, lookup } from './settings.js';
import { abortable } from './signal.js';
import { MemoryState } from './state.js';

type Parameters = Readonly<Record<string, unknown>>;

/** How a client works. */
export interface ClientOptions {
  /**
   * How many threads it may have, each with an instance of the component: so many calls run at once. 1 if absent. They keep
   * one rate limit together.
   */
  workers?: number;
  /** What clients share that are given the same one. */
  state?: MemoryState;
}

/** Calls any operation of a vendor by its name. The vendors' own clients have them typed. */
export class Client {
  readonly #pool: Pool;

  constructor(settings?: Settings, options: ClientOptions = {}) {
    const { state, workers = 1 } = options;
    this.#pool = new Pool(lookup(settings), state ?? new MemoryState(), workers, state === undefined && workers === 1);
  }

  /** Calls an operation; a list answers with one page. */
  async invoke(vendor: string, operation: string, given: Parameters = {}, body?: unknown, options: ListOptions = {}): Promise<Answer> {
    const call = this.#pool.any().call<object & { body?: string }>('invoke', vendor, operation, parameters(given), text(body), record(options));
    const { body: json, ...rest } = await abortable(call, options.signal);
    return { ...plain<Omit<Answer, 'body'>>(rest), body: json === undefined ? undefined : JSON.parse(json) };
  }

  /** The one answer of an operation. */
  async one<T>(vendor: string, operation: string, given: Parameters, body: unknown, options: CallOptions): Promise<T> {
    return (await this.invoke(vendor, operation, given, body, options)).body as T;
  }

  /** One page of a list. */
  async page<T>(vendor: string, operation: string, given: Parameters, body: unknown, options: PageOptions): Promise<Page<T>> {
    const { page, pageSize, includeTotal, ...rest } = options;
    const numbers = { page, pageSize, includeTotal: includeTotal || undefined };
    const answer = await this.invoke(vendor, operation, { ...given, ...numbers }, body, rest);
    if (answer.page === undefined) throw new TypeError(`${operation} is no list`);
    return { items: (answer.body ?? []) as T[], info: answer.page };
  }

  /** All records of a list. */
  list<T>(vendor: string, operation: string, given: Parameters = {}, body?: unknown, options: ListOptions = {}): Listing<T> {
    return new Listing(this.#pool, [vendor, operation, parameters(given), text(body)], options);
  }

  /** Gets a file. */
  async download(vendor: string, operation: string, given: Parameters, options: CallOptions = {}): Promise<Download> {
    const instance = this.#pool.any();
    const call = instance.call<{ info: object; content: number }>('download', vendor, operation, parameters(given), record(options));
    const { info, content } = await abortable(call, options.signal);
    return new Download(info, instance, content);
  }

  /** Sends a file. */
  async upload<T>(vendor: string, operation: string, given: Parameters, file: Upload, options: CallOptions = {}): Promise<T> {
    const instance = this.#pool.any();
    const writer = await instance.call<number>('upload', vendor, operation, parameters(given), about(file), record(options));
    try {
      for await (const some of pieces(file)) {
        if (!(await abortable(instance.call<boolean>('write', writer, some), options.signal))) break;
      }
      const answer = await instance.call<{ body?: string }>('end', writer);
      return (answer.body === undefined ? undefined : JSON.parse(answer.body)) as T;
    } finally {
      instance.call('drop', writer).catch(() => undefined);
    }
  }

  /** What is missing of an account's settings, if anything is. Asks no vendor. */
  async ready(vendor: string, account?: string): Promise<{ field: string; message: string }[]> {
    const { missing } = await this.#pool.any().call<{ missing: { field: string; message: string }[] }>('ready', vendor, account);
    return missing;
  }

  /** Counters and histograms of an instance, in the text format of Prometheus. */
  metrics(): Promise<string> {
    return this.#pool.any().call('metrics');
  }

  /** The operations of a vendor whose name, method or path contains the filter. */
  describe(vendor: string, filter?: string): Promise<{ name: string; aliases: string[]; parameters: { name: string }[] }[]> {
    return this.#pool.any().call('describe', vendor, filter);
  }

  /** Ends its threads. */
  async close(): Promise<void> {
    await this.#pool.close();
  }
}

/** A client of settings, or the one that is there. */
export function connected(from: Settings | Client | undefined): Client {
  return from instanceof Client ? from : new Client(from);
}

function text(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}
