// What a caller may get wrong: it is said by name, and nothing is sent, lost or taken for something else.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PenstockError, ServiceTitan } from 'penstock';
import { end, vendor } from './vendor.js';

const settings = await vendor('--jobs', '2000');
const titan = new ServiceTitan(settings);
// Where types do not keep anybody from it.
const untyped = titan as any; // eslint-disable-line @typescript-eslint/no-explicit-any
after(async () => {
  await titan.close();
  end();
});

async function bad(call: () => unknown): Promise<string[]> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof PenstockError, String(error));
    assert.deepEqual([error.kind, error.outcome], ['bad-input', 'not-sent']);
    return error.fields.map(({ field }) => field);
  }
  return assert.fail('it did not fail');
}

const WRONG: [object, string][] = [
  [{ deadlineMs: '2' }, 'deadlineMs'],
  [{ deadlineMs: Number.NaN }, 'deadlineMs'],
  [{ deadlineMS: 2 }, 'deadlineMS'],
  [{ onMisfit: 'x' }, 'onMisfit'],
  [{ account: 7 }, 'account'],
  [{ correlationId: 7 }, 'correlationId'],
  [{ resume: 7 }, 'resume'],
  [{ fresh: 'no' }, 'fresh'],
  [{ pageSize: 2 ** 32 + 100 }, 'pageSize'],
  [{ window: 1.5 }, 'window'],
  [{ signal: 7 }, 'signal'],
];

test('options of no use are named', async () => {
  for (const [options, field] of WRONG) {
    assert.deepEqual(await bad(() => untyped.jpm.jobs.page({}, options)), [field]);
    assert.deepEqual(await bad(() => untyped.jpm.jobs.list({}, options)), [field]);
    assert.deepEqual(await bad(() => untyped.telecom.calls.downloadRecording(1, options)), [field]);
    assert.deepEqual(await bad(() => untyped.pricebook.images.upload({ content: new Uint8Array(1), fileName: 'a' }, options)), [field]);
  }
  await assert.rejects(untyped.jpm.jobs.page({}, { deadlineMS: 2 }), /is deadlineMs meant\?/);
  assert.deepEqual(await bad(() => untyped.jpm.jobs.get(1, {}, null)), ['options']);
});

test('other arguments of no use are named', async () => {
  assert.deepEqual(await bad(() => untyped.invoke('servicetitan', 7)), ['operation']);
  assert.deepEqual(await bad(() => untyped.ready('servicetitan', 7)), ['account']);
  for (const content of ['photo.png', 7, null, undefined, [1, 2], {}]) {
    assert.deepEqual(await bad(() => untyped.pricebook.images.upload({ content, fileName: 'a.png' })), ['content'], String(content));
  }
  assert.deepEqual(await bad(() => untyped.pricebook.images.upload({ content: new Uint8Array(1) })), ['fileName']);
  assert.deepEqual(await bad(() => untyped.pricebook.images.upload({ content: new Uint8Array(1), fileName: 'a', contentType: 7, length: -1 })), ['contentType', 'length']);
  await assert.rejects(titan.pricebook.images.upload({ content: new URL('file:///no/such/file'), fileName: 'a' }), { code: 'ENOENT' });
  for (const workers of [0, -1, 1.5, '2']) assert.throws(() => new ServiceTitan(settings, { workers: workers as number }), RangeError);
  assert.deepEqual(await bad(() => new ServiceTitan(settings, { worker: 4 } as object)), ['worker']);
  assert.equal((await titan.jpm.jobs.page({}, { pageSize: 3 })).items.length, 3);
});

test('settings that are no texts are named, and not repeated', async () => {
  for (const value of [4711, { secret: () => 4711 }, ['x']]) {
    for (const given of [{ ...settings, SERVICETITAN_TENANT_ID: value }, (name: string) => (name === 'SERVICETITAN_TENANT_ID' ? value : settings[name])]) {
      const client = new ServiceTitan(given as never);
      const error = await client.jpm.jobs.page().then(() => assert.fail('it did not fail'), (reason: unknown) => reason);
      assert.ok(error instanceof PenstockError);
      assert.deepEqual([error.kind, error.fields[0]?.field], ['configuration', 'SERVICETITAN_TENANT_ID']);
      assert.ok(!String(error).includes('4711'));
      await client.close();
    }
  }
  assert.deepEqual(await bad(() => new ServiceTitan(7 as never)), ['settings']);
});

test('a list that was begun does not begin anew', async () => {
  const begun = [
    async (jobs: AsyncIterable<unknown>) => { for await (const _ of jobs) break; },
    async (jobs: AsyncIterable<unknown>) => { await assert.rejects(async () => { for await (const _ of jobs) throw new RangeError('mine'); }, RangeError); },
    async (jobs: AsyncIterable<unknown>) => { await jobs[Symbol.asyncIterator]().next(); },
  ];
  for (const begin of begun) {
    const jobs = titan.jpm.jobs.list({}, { pageSize: 100 });
    await begin(jobs);
    assert.throws(() => jobs[Symbol.asyncIterator](), /resume: listing\.resume/);
    assert.throws(() => jobs.batches(), /resume: listing\.resume/);
    await assert.rejects(jobs.toArray(), /resume: listing\.resume/);
  }
});

test('a part of a file is never taken for the whole', async () => {
  const [call] = (await titan.telecom.calls.page({}, { pageSize: 1 })).items;
  assert.ok(call);
  const download = await titan.telecom.calls.downloadRecording(call.id);
  for await (const _ of download) break;
  await assert.rejects(download.bytes(), /ask for it again/);
  assert.throws(() => download[Symbol.asyncIterator](), /ask for it again/);
  const whole = await titan.telecom.calls.downloadRecording(call.id);
  assert.equal((await whole.bytes()).length, 100_000);
  await assert.rejects(whole.bytes(), /ask for it again/);
});
