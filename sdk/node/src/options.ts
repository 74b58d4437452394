import { misfit } from './errors.js';

/** How one call is made. */
export interface CallOptions {
  /** Whose credentials to use. The default account if absent. */
  account?: string;
  /** All the time that this call may take, in milliseconds, waits included. */
  deadlineMs?: number;
  /** Ties this call to the caller's own logs. Printable ASCII, at most 128. */
  correlationId?: string;
  /** Bypass the cache: ask the vendor. */
  fresh?: boolean;
  /** A stale answer from the cache is better than none while the vendor is down. */
  acceptStale?: boolean;
  /** The value to answer with while the vendor is down. Only for reads with one answer. */
  fallback?: unknown;
  /** This write may safely be applied twice, so it may be sent again when its outcome is unknown. */
  allowResend?: boolean;
  /**
   * What becomes of a record that does not fit the contract: the call fails (the default), it is left out, or it is given
   * as the vendor sent it, with a member `$misfit`.
   */
  onMisfit?: 'fail' | 'skip' | 'raw';
  /** Who waits no longer: the promise is rejected at once. A request that is under way ends by itself. */
  signal?: AbortSignal;
}

/** How a list is read. */
export interface ListOptions extends CallOptions {
  /** Goes on where an earlier read stopped: `resume` of the listing, of its end, or of an error. */
  resume?: string;
  /** Records a page. */
  pageSize?: number;
  /** How many pages to prefetch, 1 to 32. Naming it says that the list is long. */
  window?: number;
}

/** Which page of a list is asked for. */
export interface PageOptions extends CallOptions {
  /** The page's number, from 1. */
  page?: number;
  /** Records a page. */
  pageSize?: number;
  /** Asks for the number of records in all, which costs the vendor time. */
  includeTotal?: boolean;
  /** Goes on after an earlier page. */
  resume?: string;
}

type Rule = readonly [said: string, holds: (value: unknown) => boolean];

const TEXT: Rule = ['must be a text', (value) => typeof value === 'string'];
const FLAG: Rule = ['must be true or false', (value) => typeof value === 'boolean'];
const NUMBER: Rule = ['must be a whole number from 1', (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) < 2 ** 32];

// What each option must be: what crosses the border otherwise ends the component, or says something else than was meant.
const RULES: Readonly<Record<string, Rule>> = {
  account: TEXT,
  deadlineMs: ['must be a number of milliseconds from 0', (value) => Number.isFinite(value) && Number(value) >= 0],
  correlationId: TEXT,
  fresh: FLAG,
  acceptStale: FLAG,
  fallback: ['must be a value of JSON', (value) => JSON.stringify(value) !== undefined],
  allowResend: FLAG,
  onMisfit: ["must be 'fail', 'skip' or 'raw'", (value) => ['fail', 'skip', 'raw'].includes(value as string)],
  signal: ['must be an AbortSignal', (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function'],
  resume: TEXT,
  pageSize: NUMBER,
  window: NUMBER,
};

/** Options, all of which are known and can be used. */
export function checked<T extends object>(options: T, operation: string): T {
  for (const [field, value] of Object.entries({ operation })) if (typeof value !== 'string') throw misfit([{ field, message: TEXT[0] }]);
  if (typeof options !== 'object' || options === null) throw misfit([{ field: 'options', message: 'must be an object' }], operation);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const fields = given.flatMap(([field, value]) => {
    const rule = Object.hasOwn(RULES, field) ? RULES[field] : undefined;
    const message = rule === undefined ? `is no option${meant(field)}` : rule[1](value) ? '' : rule[0];
    return message === '' ? [] : [{ field, message }];
  });
  if (fields.length > 0) throw misfit(fields, operation);
  return options;
}

function meant(field: string): string {
  const name = Object.keys(RULES).find((known) => known.toLowerCase() === field.toLowerCase().replaceAll(/[-_]/g, ''));
  return name === undefined ? '' : `: is ${name} meant?`;
}

/** Options as the component takes them. */
export function record(options: ListOptions, deadlineMs: number | undefined): object {
  const { fallback } = options;
  return {
    account: options.account,
    deadlineMs: deadlineMs === undefined ? undefined : BigInt(Math.ceil(deadlineMs)),
    resume: options.resume,
    correlationId: options.correlationId,
    fresh: options.fresh ?? false,
    acceptStale: options.acceptStale ?? false,
    fallback: fallback === undefined ? undefined : JSON.stringify(fallback),
    allowResend: options.allowResend ?? false,
    pageSize: options.pageSize,
    window: options.window,
    onMisfit: options.onMisfit,
  };
}

/** Parameters as the component takes them: texts, a list as its name again and again. */
export function parameters(given: Readonly<Record<string, unknown>>): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) pairs.push([name, one instanceof Date ? one.toISOString() : String(one)]);
    }
  }
  return pairs;
}
