// Calls that wait for a worker, are aborted, or lose their client: what was not begun is never sent, and all of them settle.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PenstockError, ServiceTitan } from 'penstock';
import { end, silent, vendor } from './vendor.js';

after(end);
const settings = await vendor('--jobs', '2000');
const slow = await vendor('--jobs', '2000', '--latency', '1500');
const CREATED = 'POST /jpm/v2/tenant/7/job-types';
const caught = (call: Promise<unknown>) => call.then(() => assert.fail('it did not fail'), (error: unknown) => error as PenstockError);

async function read(server: { read: string[] }): Promise<void> {
  while (server.read.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('what was aborted before it began is never sent', async () => {
  const server = await silent();
  const client = new ServiceTitan(server.settings);
  const signal = AbortSignal.abort();
  await assert.rejects(client.jpm.jobTypes.create({ name: 'no' }, { signal }), { name: 'AbortError' });
  await assert.rejects(client.pricebook.images.upload({ content: new Uint8Array(9), fileName: 'a' }, { signal }), { name: 'AbortError' });
  const first = caught(client.jpm.jobTypes.create({ name: 'first' }));
  await read(server);
  const cancel = new AbortController();
  const others = Array.from({ length: 4 }, () => caught(client.jpm.jobTypes.create({ name: 'other' }, { signal: cancel.signal })));
  const list = caught(client.jpm.jobs.list({}, { signal: cancel.signal }).toArray());
  const file = caught(client.pricebook.images.upload({ content: new Uint8Array(9), fileName: 'a' }, { signal: cancel.signal }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const began = performance.now();
  cancel.abort();
  for (const error of await Promise.all([...others, list, file])) assert.equal(error.name, 'AbortError');
  assert.ok(performance.now() - began < 100);
  assert.equal((await first).outcome, 'unknown');
  await client.ready('servicetitan');
  assert.deepEqual(server.read, [CREATED]);
  server.close();
  await client.close();
});

test('an upload that is aborted ends at once, and the client goes on', async () => {
  const client = new ServiceTitan(settings);
  const cancel = new AbortController();
  async function* endless() {
    yield new Uint8Array(9);
    await new Promise(() => undefined);
  }
  const upload = caught(client.pricebook.images.upload({ content: endless(), fileName: 'a.png' }, { signal: cancel.signal }));
  setTimeout(() => cancel.abort(), 100);
  assert.equal((await upload).name, 'AbortError');
  assert.equal((await client.jpm.jobs.page({}, { pageSize: 3 })).items.length, 3);
  await client.close();
});

test('a deadline counts the wait for a worker', async () => {
  const client = new ServiceTitan(slow);
  await client.jpm.jobs.page({}, { pageSize: 1, fresh: true });
  let other = client.jpm.jobs.page({}, { pageSize: 1, fresh: true });
  const began = performance.now();
  const short = { deadlineMs: 300, fresh: true };
  const errors = await Promise.all([caught(client.jpm.jobs.get(50_000_003, {}, short)), caught(client.jpm.jobs.list({}, short).toArray())]);
  assert.ok(performance.now() - began < 600);
  for (const error of errors) assert.deepEqual([error.kind, error.outcome, error.retry], ['timeout', 'not-sent', { when: 'later' }]);
  await other;
  other = client.jpm.jobs.page({}, { pageSize: 1, fresh: true });
  // Of 2.4 s the other call takes 1.5, so that what needs 1.5 is too late.
  assert.equal((await caught(client.jpm.jobs.get(50_000_003, {}, { deadlineMs: 2_400, fresh: true }))).kind, 'timeout');
  await other;
  await client.close();
});

test('a client that is closed rejects what is under way, and what waits', async () => {
  const client = new ServiceTitan(slow);
  const [first, second] = [caught(client.jpm.jobs.get(50_000_003)), caught(client.jpm.jobs.get(50_000_003))];
  const list = caught(client.jpm.jobs.list().toArray());
  await new Promise((resolve) => setTimeout(resolve, 300));
  await client.close();
  const errors = await Promise.all([first, second, list]);
  assert.deepEqual(errors.map(({ kind, outcome }) => [kind, outcome]), [['host', 'unknown'], ['host', 'not-sent'], ['host', 'not-sent']]);
});

test('files that nobody reads, and that are gone, hold up nothing', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const client = new ServiceTitan(settings);
  const [call] = (await client.telecom.calls.page({}, { pageSize: 1 })).items;
  for (let count = 0; count < 60; count++) {
    await client.telecom.calls.downloadRecording(call?.id ?? 0);
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const cancel = new AbortController();
    const file = client.telecom.calls.downloadRecording(call?.id ?? 0, { signal: cancel.signal });
    setImmediate(() => cancel.abort());
    await file.catch(() => undefined);
  }
  assert.equal((await client.jpm.jobs.page({}, { pageSize: 1, fresh: true, deadlineMs: 5_000 })).items.length, 1);
  await client.close();
});
