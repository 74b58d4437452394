import { misfit } from './errors.js';

/** Header fields of a request: an object, as Node has it, or pairs, as those of `fetch` are. */
export type DeliveryHeaders = Readonly<Record<string, string | readonly string[] | undefined>> | Iterable<readonly [string, string]>;

/** A thing that something happened to. */
export interface Subject {
  /** What it is, in the vendor's word: `job`. */
  name: string;
  /** Its id. */
  id: string;
}

/** Something that happened, as a delivery tells it, which is proved to be the vendor's. */
export interface Event {
  /** What it is known by, however often it is delivered. */
  id: string;
  /** The vendor's own word, `tn.jpm.job-completed`. */
  name: string;
  /** What happened, in the contract's word, `job-completed`; absent if the contract does not know it yet. */
  what?: string;
  /** ServiceTitan: what it happened to, the main thing first. */
  subjects: Subject[];
  /** Asleep: whose, which session, and which part of it. */
  details: { userId?: string; sessionId?: string; seqNum?: number; inferenceSeqNum?: number };
  /** When, if the vendor says. */
  time?: Date;
  /** The account that it is for. */
  account: string;
  /** The vendor's tenant, if the event names one. It is that of the account. */
  tenant?: string;
  /** The vendor's id of this delivery, if it has one. */
  deliveryId?: string;
  /** How far it can be trusted. */
  trust: 'signed' | 'key' | 'hint';
  /** All that the vendor tells of it; or, if `reread`, what it answered. */
  data: unknown;
  /** Whether what the event is about was read again from the vendor, since the delivery was only a hint. */
  reread: boolean;
}

/** An event of the component. */
export interface Told extends Omit<Event, 'what' | 'subjects' | 'details' | 'time' | 'data'> {
  happening:
    | { tag: 'servicetitan'; val: { event: { tag: string }; subjects: Subject[] } }
    | { tag: 'inference-complete' | 'session-complete'; val: Record<string, string | bigint | undefined> }
    | { tag: 'unknown' };
  time?: { seconds: bigint; nanoseconds: number };
  data: string;
}

/** A delivery as the component takes it. */
export function delivery(headers: DeliveryHeaders, body: Uint8Array): [[string, string][], Uint8Array] {
  const given = Symbol.iterator in Object(headers) ? [...(headers as Iterable<readonly [string, string]>)] : Object.entries(Object(headers) as object);
  const pairs = given.flatMap(([name, value]: readonly [string, unknown]) => (Array.isArray(value) ? value : [value]).map((one: unknown) => [name, one]));
  const known = pairs.filter(([, value]) => value !== undefined) as [string, string][];
  const wrong = [
    ...(known.every((pair) => pair.every((text) => typeof text === 'string')) ? [] : [{ field: 'headers', message: 'must be texts by name, or pairs of texts' }]),
    ...(body instanceof Uint8Array ? [] : [{ field: 'body', message: 'must be the bytes of the request, exactly as they came' }]),
  ];
  if (wrong.length > 0) throw misfit(wrong);
  return [known, body];
}

/** An event of what the component gives. */
export function event({ happening, time, data, ...rest }: Told): Event {
  const titan = happening.tag === 'servicetitan' ? happening.val : undefined;
  const asleep = happening.tag === 'inference-complete' || happening.tag === 'session-complete' ? happening.val : {};
  const what = titan === undefined ? happening.tag : titan.event.tag;
  const details = Object.entries(asleep).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]);
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as typeof rest;
  return {
    ...known,
    ...(what === 'other' || what === 'unknown' ? {} : { what }),
    subjects: titan?.subjects ?? [],
    details: Object.fromEntries(details) as Event['details'],
    ...(time === undefined ? {} : { time: new Date(Number(time.seconds) * 1000 + time.nanoseconds / 1e6) }),
    data: JSON.parse(data) as unknown,
  };
}
