import { type Plan, type TurnRequest, type Turns, ask } from './turns.js';

/**
 * A store in this process's memory (`penstock:host/state`), which all workers of the clients share that are given it:
 * tokens, rate limits, cached answers.
 */
export class MemoryState {
  readonly #values = new Map<string, { value: Uint8Array; until: number }>();
  readonly #plans = new Map<string, Plan>();

  /** The value of a key. */
  get(key: string): Uint8Array | undefined {
    const kept = this.#values.get(key);
    if (kept === undefined || performance.now() < kept.until) return kept?.value;
    this.#values.delete(key);
    return undefined;
  }

  /** Stores a value. */
  set(key: string, value: Uint8Array, ttlMs: bigint | undefined): void {
    this.#values.set(key, { value, until: ttlMs === undefined ? Infinity : performance.now() + Number(ttlMs) });
  }

  /** Removes a key. */
  delete(key: string): void {
    this.#values.delete(key);
    this.#plans.delete(key);
  }

  /** Stores a value unless another one is there, which is returned. */
  claim(key: string, value: Uint8Array, ttlMs: bigint): Uint8Array | undefined {
    const there = this.get(key);
    if (there !== undefined && !equal(there, value)) return there;
    this.set(key, value, ttlMs);
    return undefined;
  }

  /** Replaces a value that is expected. */
  swap(key: string, expected: Uint8Array, value: Uint8Array, ttlMs: bigint): boolean {
    const there = this.get(key);
    if (there === undefined || !(equal(there, expected) || equal(there, value))) return false;
    this.set(key, value, ttlMs);
    return true;
  }

  /** Gives a claim up. */
  release(key: string, expected: Uint8Array): void {
    const there = this.get(key);
    if (there !== undefined && equal(there, expected)) this.#values.delete(key);
  }

  /** Some of the keys that begin so. */
  listKeys(prefix: string, most: number): string[] {
    return [...this.#values.keys(), ...this.#plans.keys()].filter((key) => key.startsWith(prefix)).slice(0, most);
  }

  /** Takes turns of a limit. */
  takeTurns(key: string, request: TurnRequest): Turns {
    const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
    const { turns, plan } = ask(this.#plans.get(key), now, request);
    this.#plans.set(key, plan);
    return turns;
  }
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
