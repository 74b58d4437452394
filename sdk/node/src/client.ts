import { Call } from './call.js';
import { misfit } from './errors.js';
import { Download, type Upload, about, pieces } from './files.js';
import { Listing } from './listing.js';
import { type CallOptions, type ListOptions, type PageOptions, parameters } from './options.js';
import { type Answer, type Page, plain } from './pages.js';
import { Pool } from './pool.js';
import { type Settings, lookup } from './settings.js';
import { abortable } from './signal.js';
import { MemoryState } from './state.js';
import { type DeliveryHeaders, type Event, type Told, delivery, event } from './webhooks.js';

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
  /** Takes the lines of the log, each a JSON object. They go to `stderr` without it; `LOG_LEVEL` says which there are. */
  log?: (line: string) => void;
}

/** Calls any operation of a vendor by its name. The vendors' own clients have them typed. */
export class Client {
  readonly #pool: Pool;

  constructor(settings?: Settings, options: ClientOptions = {}) {
    const { state, workers = 1, log = (line) => process.stderr.write(`${line}\n`) } = options;
    const unknown = Object.keys(options).filter((name) => !['log', 'state', 'workers'].includes(name));
    if (unknown.length > 0) throw misfit(unknown.map((field) => ({ field, message: 'is no option of a client' })));
    if (!Number.isInteger(workers) || workers < 1) throw new RangeError(`workers must be a whole number from 1, not ${String(workers)}`);
    this.#pool = new Pool(lookup(settings), state ?? new MemoryState(), workers, state === undefined && workers === 1, log);
  }

  /** Calls an operation; a list answers with one page. */
  async invoke(vendor: string, operation: string, given: Parameters = {}, body?: unknown, options: ListOptions = {}): Promise<Answer> {
    const call = new Call(operation, options);
    const fixed = [vendor, operation, parameters(given), text(body)];
    const answer = this.#pool.any().call<object & { body?: string }>('invoke', () => [...fixed, call.record()], call);
    const { body: json, ...rest } = await answer;
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
    return new Listing(this.#pool, [vendor, operation, parameters(given), text(body)], new Call(operation, options));
  }

  /** Gets a file. */
  async download(vendor: string, operation: string, given: Parameters, options: CallOptions = {}): Promise<Download> {
    const call = new Call(operation, options);
    const instance = this.#pool.any();
    const open = () => [vendor, operation, parameters(given), call.record()];
    const { info, content } = await instance.call<{ info: object; content: number }>('download', open, call);
    return new Download(info, instance, content, call);
  }

  /** Sends a file. */
  async upload<T>(vendor: string, operation: string, given: Parameters, file: Upload, options: CallOptions = {}): Promise<T> {
    const call = new Call(operation, options);
    const outgoing = about(file, operation);
    const bytes = pieces(file, operation);
    // Before anything is sent: a file that is not there, or is none.
    let piece = await abortable(bytes.next(), call.signal);
    const instance = this.#pool.any();
    const open = () => [vendor, operation, parameters(given), outgoing, call.record()];
    const writer = await instance.call<number>('upload', open, call);
    try {
      for (; piece.done !== true; piece = await abortable(bytes.next(), call.signal)) {
        if (!(await instance.call<boolean>('write', [writer, piece.value], call))) break;
      }
      const answer = await instance.call<{ body?: string }>('end', [writer], call);
      return (answer.body === undefined ? undefined : JSON.parse(answer.body)) as T;
    } finally {
      instance.call('drop', [writer]).catch(() => undefined);
      bytes.return().catch(() => undefined);
    }
  }

  /** What is missing of an account's settings, if anything is. Asks no vendor. */
  async ready(vendor: string, account?: string): Promise<{ field: string; message: string }[]> {
    const call = new Call('ready', account === undefined ? {} : { account });
    const { missing } = await this.#pool.any().call<{ missing: { field: string; message: string }[] }>('ready', [vendor, account], call);
    return missing;
  }

  /**
   * The event of a webhook's delivery, exactly as it came, if it is the vendor's: a `PenstockError` if it is not
   * (`authentication`). Nothing is remembered: an event that is delivered again has the same `id`.
   */
  async verifyAndParse(vendor: string, headers: DeliveryHeaders, body: Uint8Array, account?: string): Promise<Event> {
    const call = new Call('verify-and-parse', account === undefined ? {} : { account });
    return event(await this.#pool.any().call<Told>('verifyAndParse', [vendor, account, ...delivery(headers, body)], call));
  }

  /** Counters and histograms of an instance, in the text format of Prometheus. */
  metrics(): Promise<string> {
    return this.#pool.any().call('metrics', []);
  }

  /** The operations of a vendor whose name, method or path contains the filter. */
  describe(vendor: string, filter?: string): Promise<{ name: string; aliases: string[]; parameters: { name: string }[] }[]> {
    return this.#pool.any().call('describe', [vendor, filter]);
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
