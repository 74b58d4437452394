// Lists: nothing is lost, nothing comes twice, whatever happens in between.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { PenstockError, ServiceTitan } from 'penstock';
import { end, vendor } from './vendor.js';

const LONG = { pageSize: 500, window: 8 };
after(end);

async function ids(settings: Record<string, string>): Promise<number[]> {
  const titan = new ServiceTitan(settings);
  const jobs = await titan.jpm.jobs.list({}, LONG).toArray();
  await titan.close();
  return jobs.map((job) => job.id);
}

test('twenty thousand records under faults come whole and once', async () => {
  const expected = await ids(await vendor());
  const titan = new ServiceTitan(await vendor('--fault-rate', '0.08'));
  const jobs = titan.jpm.jobs.list({}, LONG);
  const seen: number[] = [];
  for await (const job of jobs) seen.push(job.id);
  await titan.close();
  assert.ok(seen.length > 19_000);
  const known = new Set(seen);
  const lost = expected.filter((id) => !known.has(id));
  assert.deepEqual({ lost: lost.length, repeated: seen.length - known.size }, { lost: 0, repeated: 0 });
  assert.deepEqual(seen, expected);
  assert.equal(jobs.end?.complete, true);
  assert.equal(jobs.resume, jobs.end?.resume);
});

const PROGRAM = `
import { ServiceTitan } from 'penstock';
const titan = new ServiceTitan(JSON.parse(process.argv[1]));
const jobs = titan.jpm.jobs.list({}, { pageSize: 100 });
const ids = [];
for await (const page of jobs.batches()) {
  ids.push(...page.map((job) => job.id));
  if (ids.length >= 700) break;
}
console.log(JSON.stringify([ids, jobs.resume]));
await titan.close();
`;

test('another process goes on where one stopped', async () => {
  const settings = await vendor('--jobs', '2000');
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, JSON.stringify(settings)], { encoding: 'utf8' });
  const [first, resume] = JSON.parse(said) as [number[], string];
  const titan = new ServiceTitan(settings);
  const rest = await titan.jpm.jobs.list({}, { resume, ...LONG }).toArray();
  await titan.close();
  assert.equal(first.length, 700);
  assert.deepEqual([...first, ...rest.map((job) => job.id)], await ids(settings));
});

test('of a page that was left in its middle all come again', async () => {
  const settings = await vendor('--jobs', '2000');
  const titan = new ServiceTitan(settings);
  const jobs = titan.jpm.jobs.list({}, { pageSize: 100 });
  const seen: number[] = [];
  for await (const job of jobs) {
    seen.push(job.id);
    if (seen.length === 250) break;
  }
  assert.equal(jobs.end, undefined);
  assert.ok(jobs.resume);
  const rest = await titan.jpm.jobs.list({}, { resume: jobs.resume }).toArray();
  await titan.close();
  const expected = await ids(settings);
  assert.deepEqual(seen, expected.slice(0, 250));
  assert.deepEqual(rest.map((job) => job.id), expected.slice(200));
});

test('a failure says where to go on', async () => {
  const titan = new ServiceTitan(await vendor('--jobs', '2000', '--latency', '60'));
  const seen: number[] = [];
  const read = async () => {
    for await (const job of titan.jpm.jobs.list({}, { pageSize: 25, window: 1, deadlineMs: 3_000 })) seen.push(job.id);
  };
  const error = await read().then(() => assert.fail('it did not end in time'), (error: unknown) => error);
  assert.ok(error instanceof PenstockError && error.kind === 'timeout' && error.resume, String(error));
  const rest = await titan.jpm.jobs.list({}, { resume: error.resume, ...LONG }).toArray();
  await titan.close();
  assert.ok(seen.length > 0);
  assert.deepEqual([...seen, ...rest.map((job) => job.id)], await ids(await vendor('--jobs', '2000')));
});

test('a token that expires in mid-list is renewed', async () => {
  const titan = new ServiceTitan(await vendor('--jobs', '2000', '--latency', '100', '--token-lifetime', '1'), { workers: 1 });
  const seen = await titan.jpm.jobs.list({}, { pageSize: 100, window: 1 }).toArray();
  const fetched = /^penstock_token_fetches_total (\d+)$/m.exec(await titan.metrics());
  await titan.close();
  assert.ok(Number(fetched?.[1]) >= 2, fetched?.[0]);
  assert.deepEqual(seen.map((job) => job.id), await ids(await vendor('--jobs', '2000')));
});

test('an export goes on tomorrow', async () => {
  const titan = new ServiceTitan(await vendor('--jobs', '2000'));
  const first = titan.jpm.export.jobsList();
  assert.ok((await first.toArray()).length > 1000);
  assert.ok(first.end);
  assert.deepEqual(await titan.jpm.export.jobsList({}, { resume: first.end.resume }).toArray(), []);
  await titan.close();
});

test('who waits no longer is free at once, the loop goes on, and so does the client', async () => {
  const titan = new ServiceTitan(await vendor('--jobs', '2000', '--latency', '60'), { workers: 1 });
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  const cancel = new AbortController();
  const jobs = titan.jpm.jobs.list({}, { pageSize: 50, window: 1, signal: cancel.signal });
  let seen = 0;
  let began = 0;
  const read = async () => {
    for await (const _ of jobs) {
      if (++seen === 75) setImmediate(() => ((began = performance.now()), cancel.abort()));
    }
  };
  await assert.rejects(read(), { name: 'AbortError' });
  assert.ok(performance.now() - began < 50);
  assert.equal((await titan.jpm.jobs.page({}, { pageSize: 3 })).items.length, 3);
  clearInterval(ticking);
  assert.ok(ticks > 5);
  assert.equal(jobs.end, undefined);
  await titan.close();
});
