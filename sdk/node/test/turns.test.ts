// Turns of a limit, as the core's own plan gives them; and the store.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryState } from 'penstock';
import { type Plan, type TurnRequest, ask } from '#turns';

const NOW = 1_790_000_000_000_000n;

/** Ten a second, a burst of two. */
function want(wanted: number, number: bigint, more: Partial<TurnRequest> = {}): TurnRequest {
  const usual = { owner: 1n, interval: 100_000n, tolerance: 100_000n, horizon: 1_000_000n, least: 0, lead: 0n, gap: 0n, pause: 0n };
  return { ...usual, wanted, number, ...more };
}

function asking() {
  let kept: Plan | undefined;
  return (now: bigint, request: TurnRequest) => {
    const { turns, plan } = ask(kept, now, request);
    kept = plan;
    return turns;
  };
}

test('whoever asks gets the next ones', () => {
  const turns = asking();
  const first = turns(NOW, want(3, 1n));
  assert.deepEqual([first.arrival, first.count, first.since, first.closed], [NOW, 3, NOW, 0n]);
  const second = turns(NOW + 10n, want(2, 1n, { owner: 2n }));
  assert.deepEqual([second.arrival, second.count], [NOW + 300_000n, 2]);
  assert.equal(turns(NOW + 9_000_000n, want(1, 2n)).arrival, NOW + 9_000_000n);
});

test('no turn comes after the horizon, and fewer than the least are none', () => {
  const turns = asking();
  assert.equal(turns(NOW, want(50, 1n)).count, 12);
  assert.equal(turns(NOW, want(1, 2n)).count, 0);
  assert.equal(turns(NOW + 100_000n, want(50, 9n)).count, 1);
  assert.equal(turns(NOW + 300_000n, want(5, 3n, { least: 3 })).count, 0);
  assert.equal(turns(NOW + 400_000n, want(5, 3n, { least: 3 })).count, 3);
});

test('the same request again is given the same, a pause holds for everybody', () => {
  const turns = asking();
  const first = turns(NOW, want(3, 7n));
  assert.equal(turns(NOW + 50n, want(3, 7n)).arrival, first.arrival);
  assert.equal(turns(NOW + 50n, want(0, 7n)).arrival, NOW + 300_000n);
  assert.equal(turns(NOW, want(0, 0n, { pause: 600_000n })).closed, NOW + 600_000n);
  assert.equal(turns(NOW + 1_000n, want(2, 1n, { owner: 2n, pause: 10_000n })).arrival, NOW + 600_000n);
});

test('claims are of one', () => {
  const state = new MemoryState();
  const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
  assert.equal(state.claim('k', a, 10_000n), undefined);
  assert.deepEqual(state.claim('k', b, 10_000n), a);
  assert.equal(state.swap('k', b, b, 10_000n), false);
  assert.equal(state.swap('k', a, b, 10_000n), true);
  state.release('k', a);
  assert.deepEqual(state.get('k'), b);
  state.set('gone', a, 0n);
  assert.equal(state.get('gone'), undefined);
  assert.deepEqual(state.listKeys('k', 9), ['k']);
});
