/** What went wrong, to switch on. */
export type Kind =
  | 'configuration' | 'bad-input' | 'role' | 'authentication' | 'permission' | 'not-found' | 'conflict' | 'rejected'
  | 'rate-limited' | 'vendor' | 'unavailable' | 'transport' | 'timeout' | 'decode' | 'too-large' | 'paging' | 'host'
  | 'internal';

/** Whether the call changed anything at the vendor's. */
export type Outcome = 'not-sent' | 'not-applied' | 'applied' | 'unknown';

/** Whether repeating the call makes sense. */
export type Retry = { when: 'never' | 'now' | 'later' } | { when: 'after'; ms: number };

/** One try at sending the request. */
export interface Attempt {
  number: number;
  started: Date;
  elapsedMs: number;
  status?: number;
  reason: string;
}

/** A `failure` of the component. */
export interface Failure {
  kind: Kind;
  message: string;
  outcome: Outcome;
  retry: { tag: 'never' | 'now' | 'later' } | { tag: 'after'; val: bigint };
  operation?: string;
  status?: number;
  vendorTraceId?: string;
  callId: string;
  fields: { field: string; message: string }[];
  attempts: { number: number; started: { seconds: bigint; nanoseconds: number }; elapsedMs: bigint; status?: number; reason: string }[];
  resume?: string;
}

/** Everything that can go wrong with a call, in one shape. */
export class PenstockError extends Error {
  override readonly name = 'PenstockError';
  /** What went wrong, to switch on. */
  readonly kind: Kind;
  /** Whether the call changed anything at the vendor's. `unknown`: look before you repeat it. */
  readonly outcome: Outcome;
  /** Whether and when to repeat it. */
  readonly retry: Retry;
  /** The operation's name, `jpm.jobs-get`. */
  readonly operation: string | undefined;
  /** The last HTTP status, if any. */
  readonly status: number | undefined;
  /** The vendor's own id of the request, for their support. */
  readonly vendorTraceId: string | undefined;
  /** Our id of the call; the log lines carry it. */
  readonly callId: string;
  /** What is wrong, item by item. */
  readonly fields: readonly { field: string; message: string }[];
  /** What was tried. */
  readonly attempts: readonly Attempt[];
  /** For reads: goes on behind the last record that was given, also in another process. */
  readonly resume: string | undefined;

  constructor(failure: Failure) {
    super([failure.message, ...failure.fields.map(({ field, message }) => `  ${field}: ${message}`)].join('\n'));
    this.kind = failure.kind;
    this.outcome = failure.outcome;
    this.retry = failure.retry.tag === 'after' ? { when: 'after', ms: Number(failure.retry.val) } : { when: failure.retry.tag };
    this.operation = failure.operation;
    this.status = failure.status;
    this.vendorTraceId = failure.vendorTraceId;
    this.callId = failure.callId;
    this.fields = failure.fields;
    this.attempts = failure.attempts.map(({ started, elapsedMs, ...rest }) => ({
      ...rest,
      started: new Date(Number(started.seconds) * 1000 + started.nanoseconds / 1e6),
      elapsedMs: Number(elapsedMs),
    }));
    this.resume = failure.resume;
  }
}

/** What is found out before the component is asked, or without it. */
export function local(kind: Kind, message: string, fields: Failure['fields'] = [], more: Partial<Failure> = {}): PenstockError {
  return new PenstockError({ kind, message, outcome: 'not-sent', retry: { tag: 'never' }, callId: '', fields, attempts: [], ...more });
}

/** Arguments that are of no use: the name of each, and what it must be. */
export function misfit(fields: Failure['fields'], operation?: string, outcome: Outcome = 'not-sent'): PenstockError {
  return local('bad-input', 'the input does not fit', fields, { outcome, ...(operation === undefined ? {} : { operation }) });
}

/**
 * The component ended under a call: a defect of Penstock, or no memory. If the call was a write, what became of it is not
 * known. The next call has a new worker.
 */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
}
