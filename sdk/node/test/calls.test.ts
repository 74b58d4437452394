// Single calls: values, failures, writes, files, credentials.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Asleep, MemoryState, PenstockError, ServiceTitan } from 'penstock';
import { Jpm, type Job, type UpdateJob } from 'penstock/servicetitan/jpm';
import { end, silent, vendor } from './vendor.js';

const settings = await vendor('--jobs', '2000');
const titan = new ServiceTitan(settings);
after(async () => {
  await titan.close();
  end();
});

async function failure(call: Promise<unknown>): Promise<PenstockError> {
  const error = await call.then(() => assert.fail('it did not fail'), (error: unknown) => error);
  assert.ok(error instanceof PenstockError, String(error));
  return error;
}

test('a module is loaded by itself, and its records are the JSON in normal form', async () => {
  const jpm = new Jpm(titan);
  const [first] = (await jpm.jobs.page({ jobStatus: 'Completed' }, { pageSize: 1 })).items;
  assert.ok(first);
  const job: Job = await jpm.jobs.get(first.id);
  assert.deepEqual(job, first);
  assert.match(job.total ?? '', /^\d+\.\d\d$/);
  assert.match(job.createdOn ?? '', /Z$/);
  const patch: UpdateJob = { summary: 'x', jobGeneratedLeadSource: null };
  assert.equal((await jpm.jobs.update(job.id, patch)).summary, 'x');
});

test('parameters arrive', async () => {
  const some = (await titan.jpm.jobs.page({}, { pageSize: 5 })).items.map((job) => job.id).slice(1, 4);
  assert.deepEqual((await titan.jpm.jobs.list({ ids: some }).toArray()).map((job) => job.id), some);
  const since = new Date('2025-06-01T00:00:00Z');
  const recent = await titan.jpm.jobs.list({ createdOnOrAfter: since }).toArray();
  assert.ok(recent.length > 0 && recent.every((job) => new Date(job.createdOn ?? 0) >= since));
  const page = await titan.jpm.jobs.page({}, { pageSize: 3, includeTotal: true });
  assert.ok(page.info.hasMore && (page.info.totalCount ?? 0) > 1900);
});

test('a failure says what, and whether it took effect', async () => {
  const error = await failure(titan.jpm.jobs.get(1));
  assert.deepEqual([error.kind, error.outcome, error.status, error.retry], ['not-found', 'not-applied', 404, { when: 'never' }]);
  assert.equal(error.attempts[0]?.status, 404);
  assert.equal(error.operation, 'jpm.jobs-get');
  const input = await failure(titan.invoke('servicetitan', 'jpm.jobs-get', { id: 'x' }));
  assert.deepEqual([input.kind, input.fields[0]?.field], ['bad-input', 'id']);
  const reader = new ServiceTitan({ ...settings, PENSTOCK_ROLE: 'read-only' });
  assert.equal((await failure(reader.jpm.jobTypes.create({ name: 'Repair' }))).kind, 'role');
  await reader.close();
});

test('a write that nobody answers is sent once and its outcome is unknown', async () => {
  const server = await silent();
  const client = new ServiceTitan(server.settings);
  assert.equal((await failure(client.jpm.jobTypes.create({ name: 'Repair' }))).outcome, 'unknown');
  assert.deepEqual(server.read, ['POST /jpm/v2/tenant/7/job-types']);
  server.close();
  assert.equal((await failure(client.jpm.jobTypes.create({ name: 'Repair' }))).outcome, 'not-sent');
  await client.close();
});

test('files come as arrays of bytes', async () => {
  const [call] = (await titan.telecom.calls.page()).items;
  assert.ok(call);
  const download = await titan.telecom.calls.downloadRecording(call.id);
  assert.deepEqual([download.info.contentType, download.info.length], ['audio/mpeg', 100_000]);
  let length = 0;
  for await (const some of download) length += some.length;
  assert.equal(length, 100_000);
  assert.equal((await (await titan.telecom.calls.downloadRecording(call.id)).bytes()).length, 100_000);
});

test('files are sent from wherever they are', async () => {
  const content = new Uint8Array(256_000).map((_, at) => at % 251);
  const path = join(mkdtempSync(join(tmpdir(), 'penstock-')), 'a.png');
  writeFileSync(path, content);
  async function* pieces() {
    yield content.subarray(0, 9);
    yield content.subarray(9);
  }
  for (const source of [content, pathToFileURL(path), pieces()]) {
    assert.ok(await titan.pricebook.images.upload({ content: source, fileName: 'a.png', contentType: 'image/png' }));
  }
});

test('credentials come from a function that takes its time, and its exception goes through', async () => {
  let asked = 0;
  const vault = async (name: string) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (name === 'SERVICETITAN_CLIENT_SECRET' && ++asked === 1) throw new RangeError('the vault is shut');
    return settings[name];
  };
  const client = new ServiceTitan(vault);
  await assert.rejects(client.jpm.jobs.page(), { name: 'RangeError', message: 'the vault is shut' });
  assert.equal((await client.jpm.jobs.page({}, { pageSize: 2 })).items.length, 2);
  await client.close();
});

test('what is missing is named at once', async () => {
  const client = new Asleep({});
  assert.deepEqual((await client.ready('asleep')).map(({ field }) => field), ['ASLEEP_API_KEY']);
  await client.close();
});

test('several workers share a limit and a token', async () => {
  const limited = { ...settings, SERVICETITAN_RATE_LIMIT: '20' };
  const clients = [1, 2].map(() => new ServiceTitan(limited, { state: shared }));
  const began = performance.now();
  await Promise.all(Array.from({ length: 30 }, (_, at) => clients[at % 2]?.jpm.jobs.page({}, { pageSize: 1 })));
  const seconds = (performance.now() - began) / 1000;
  // 30 requests at 20 a second, and a burst of a tenth of it; alone, each would be done in half of that.
  assert.ok(seconds > 1.2, `${seconds} s`);
  const fetched = await Promise.all(clients.map(async (client) => Number(/^penstock_token_fetches_total (\d+)$/m.exec(await client.metrics())?.[1])));
  assert.ok(fetched.reduce((sum, one) => sum + one) <= 1, String(fetched));
  await Promise.all(clients.map((client) => client.close()));
});

test('a line of the log is there before its call ends, wherever it goes', async () => {
  const lines: string[] = [];
  const client = new ServiceTitan({ ...settings, LOG_LEVEL: 'info' }, { log: (line) => { lines.push(line); throw new Error('mine'); } });
  await client.jpm.jobs.page({}, { correlationId: 'order-7' });
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ event }) => event === 'call');
  assert.deepEqual(said.map(({ level, operation }) => [level, operation]), [['info', 'jpm.jobs-list']]);
  assert.ok(!lines.join().includes(settings['SERVICETITAN_CLIENT_SECRET'] ?? 'cs2.'));
  await client.close();
  const program = `import { ServiceTitan } from 'penstock'; await new ServiceTitan(JSON.parse(process.argv[1])).jpm.jobs.page();`;
  const given = JSON.stringify({ ...settings, LOG_LEVEL: 'info' });
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, given], { encoding: 'utf8' });
  assert.match(stderr, /"event":"call".*"operation":"jpm.jobs-list".*\n$/);
});

const shared = new MemoryState();
