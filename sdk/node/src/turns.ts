/** Turns of a rate limit that workers share: the generic cell rate algorithm (ITU-T I.371), as `penstock:host/state` describes it. All lengths are microseconds. */
export interface TurnRequest {
  owner: bigint;
  number: bigint;
  interval: bigint;
  tolerance: bigint;
  horizon: bigint;
  wanted: number;
  least: number;
  lead: bigint;
  gap: bigint;
  pause: bigint;
}

/** What is given. */
export interface Turns {
  now: bigint;
  arrival: bigint;
  count: number;
  closed: bigint;
  since: bigint;
}

/** Who was given which turns. */
export interface Plan {
  since: bigint;
  arrival: bigint;
  closed: bigint;
  owner: bigint;
  number: bigint;
  given: { arrival: bigint; count: number };
}

// How far from now a plan may reach beyond what a request explains: further, and the clock was ahead when it was made.
const EXCESS = 1_000_000n;
const MOST = 2n ** 64n - 1n;

const max = (one: bigint, other: bigint) => (one > other ? one : other);
const min = (one: bigint, other: bigint) => (one < other ? one : other);

/** Answers a request, and says what becomes of the plan. */
export function ask(kept: Plan | undefined, now: bigint, request: TurnRequest): { turns: Turns; plan: Plan } {
  const latest = now + request.horizon + request.tolerance + request.interval + request.gap + EXCESS;
  const begun = { since: now, arrival: now, closed: kept?.closed ?? 0n, owner: 0n, number: 0n, given: { arrival: 0n, count: 0 } };
  let plan = kept !== undefined && kept.arrival <= latest ? kept : begun;
  let given = { arrival: max(plan.arrival, plan.closed), count: 0 };
  if (request.wanted > 0 && plan.owner === request.owner && plan.number === request.number) {
    given = plan.given;
  } else {
    if (request.pause > 0n) plan = { ...plan, closed: max(plan.closed, now + request.pause) };
    if (request.wanted > 0) ({ given, plan } = give(plan, now, request));
  }
  const turns = { now, arrival: min(given.arrival, MOST), count: given.count, closed: min(plan.closed, MOST), since: plan.since };
  return { turns, plan };
}

function give(plan: Plan, now: bigint, request: TurnRequest): { given: Plan['given']; plan: Plan } {
  const interval = max(request.interval, 1n);
  const start = max(now + request.lead, plan.closed);
  const arrival = max(plan.arrival, start);
  const last = now + request.horizon;
  const room = last + request.tolerance - arrival;
  const free = room >= 0n && start <= last ? Number(room / interval) + 1 : 0;
  const count = free < request.least ? 0 : Math.min(free, request.wanted);
  const given = { arrival, count };
  if (count === 0) return { given, plan };
  const end = arrival + interval * BigInt(count) + request.gap;
  return { given, plan: { ...plan, arrival: end, owner: request.owner, number: request.number, given } };
}
