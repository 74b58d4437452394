/** A record that does not fit the contract. */
export interface Misfit {
  id?: string;
  path: string;
  reason: string;
}

/** What is known of an answer besides its value. */
export interface AnswerInfo {
  /** Our id of the call; the log lines carry it. */
  callId: string;
  /** The HTTP status that the vendor gave it with; 0 for a fallback. */
  status: number;
  /** Where it came from. */
  source: 'vendor' | 'cache' | 'fallback';
  /** How long ago the vendor gave it, in milliseconds. */
  ageMs: number;
  /** Whether it is a substitute, since the vendor could not be asked. */
  degraded: boolean;
  /** Records in it that do not fit the contract. */
  misfits: number;
  /** The first 100 of them. */
  firstMisfits: Misfit[];
}

/** Where a page stands in its list. */
export interface PageInfo {
  /** Page number from 1; 0 for an export. */
  page: number;
  /** How many records were asked for; 0 for an export. */
  pageSize: number;
  /** Whether the vendor says that more follow. */
  hasMore: boolean;
  /** Records in the whole list, if it was asked for. */
  totalCount?: number;
  /** The vendor's own continuation text (exports only). */
  continueFrom?: string;
  /** Reads on after this page, also in another process. */
  resume: string;
  /** True on the last page when the list shifted while it was read page by page. */
  drifted: boolean;
  /** Where the page came from. */
  answer: AnswerInfo;
}

/** How a read of a list ended well. */
export interface ListEnd {
  /** Records delivered. */
  items: number;
  /** Pages that they came from. */
  pages: number;
  /** Records that the vendor sent again because its pages shifted. They were dropped. */
  suppressed: number;
  /** Whether the list changed under the read in a way that may have hidden records from it. */
  drifted: boolean;
  /** False when the reader stopped before the end. */
  complete: boolean;
  /** Records that do not fit the contract. */
  misfits: number;
  /** The first 100 of them. */
  firstMisfits: Misfit[];
  /** Reads on after the last delivered record. For an export this is where the next run begins. */
  resume: string;
}

/** One page of a list. */
export interface Page<T> {
  /** Its records. */
  items: T[];
  /** Where it stands. */
  info: PageInfo;
}

/** An answer in normal form: times are RFC 3339 in UTC, decimals are texts of exact digits. */
export interface Answer {
  /** The parsed JSON; undefined when the vendor sent none. */
  body: unknown;
  /** Where the page stands, when the operation is a list. */
  page?: PageInfo;
  /** Where it came from. */
  info: AnswerInfo;
}

/** The same with numbers, which the component gives as big ones. None of them comes near 2^53. */
export function plain<T>(value: unknown): T {
  if (typeof value === 'bigint') return Number(value) as T;
  if (Array.isArray(value)) return value.map((one) => plain(one)) as T;
  if (typeof value !== 'object' || value === null) return value as T;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)])) as T;
}
