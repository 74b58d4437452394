// The examples run, and end by themselves.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { ServiceTitan } from 'penstock';
import { end, vendor } from './vendor.js';

after(end);
const cwd = mkdtempSync(join(tmpdir(), 'penstock-'));
const run = async (example: string) => {
  const env = { ...process.env, ...(await vendor('--jobs', '2000')) };
  const file = new URL(`../examples/${example}.js`, import.meta.url).pathname;
  return (await promisify(execFile)(process.execPath, [file], { cwd, env, timeout: 60_000 })).stdout;
};

test('completed jobs come to what their amounts come to, digit by digit', async () => {
  const titan = new ServiceTitan(await vendor('--jobs', '2000'));
  const span = { jobStatus: 'Completed', completedOnOrAfter: '2025-04-01T00:00:00Z', completedBefore: '2025-05-01T00:00:00Z' };
  const jobs = await titan.jpm.jobs.list(span).toArray();
  await titan.close();
  // Not all have two decimals.
  assert.ok(new Set(jobs.map((job) => job.total?.split('.')[1]?.length ?? 0)).size > 1);
  const expected = new Map<string, bigint>();
  for (const { businessUnitId, total } of jobs) expected.set(String(businessUnitId), (expected.get(String(businessUnitId)) ?? 0n) + scaled(total ?? '0'));
  const said = (await run('completed-jobs')).trim().split('\n').map((line) => line.split(': ') as [string, string]);
  assert.deepEqual(new Map(said.map(([unit, total]) => [unit, scaled(total)])), expected);
  const totals = said.map(([, total]) => scaled(total));
  assert.deepEqual(totals, [...totals].sort((one, other) => (one < other ? 1 : -1)));
});

/** At more decimals than any amount has. */
function scaled(amount: string): bigint {
  const [units = '', fraction = ''] = amount.split('.');
  return BigInt(units + fraction.padEnd(20, '0'));
}

test('an export that is run again goes on', async () => {
  assert.match(await run('nightly-export'), /^[1-9]\d+ changes\n$/);
  assert.equal(await run('nightly-export'), '0 changes\n');
  assert.deepEqual(readdirSync(cwd).sort(), ['jobs.ndjson', 'jobs.position']);
  writeFileSync(join(cwd, 'jobs.position'), '');
  const before = readFileSync(join(cwd, 'jobs.ndjson'));
  await assert.rejects(run('nightly-export'), /jobs\.position is empty/);
  assert.deepEqual(readFileSync(join(cwd, 'jobs.ndjson')), before);
});
