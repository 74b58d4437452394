// Deliveries of webhooks: who sent them, and what they tell.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { Asleep, PenstockError, ServiceTitan } from 'penstock';

const SECRET = 'a secret of webhooks';
const settings = { SERVICETITAN_CLIENT_ID: 'x', SERVICETITAN_CLIENT_SECRET: 'x', SERVICETITAN_APP_KEY: 'x', SERVICETITAN_TENANT_ID: '1000001', SERVICETITAN_WEBHOOK_SECRET: SECRET, LOG_LEVEL: 'error' };
const titan = new ServiceTitan(settings);
after(() => titan.close());
const told = {
  specversion: '1.0', id: 'd-1', userassignedid: 'e-1', type: 'tn.jpm.job-completed', time: '2026-11-20T10:00:00.5Z',
  data: { tenantId: 1000001, job: { id: 4711 } },
};
const body = Buffer.from(JSON.stringify(told));
const signature = (bytes: Uint8Array) => createHmac('sha256', SECRET).update(bytes).digest('hex');

test('a delivery that is signed is read', async () => {
  const headers = { host: 'example.com', 'x-servicetitan-signature': signature(body), 'set-cookie': ['a', 'b'], missing: undefined };
  for (const given of [headers, new Headers({ 'x-servicetitan-signature': signature(body) })]) {
    const event = await titan.verifyAndParse('servicetitan', given, body);
    assert.deepEqual([event.id, event.name, event.what, event.trust, event.tenant], ['e-1', 'tn.jpm.job-completed', 'job-completed', 'signed', '1000001']);
    assert.deepEqual([event.subjects[0], event.time, event.reread], [{ name: 'job', id: '4711' }, new Date('2026-11-20T10:00:00.5Z'), false]);
  }
  const other = Buffer.from(JSON.stringify({ ...told, type: 'tn.jpm.moon-landed' }));
  const event = await titan.verifyAndParse('servicetitan', { 'x-servicetitan-signature': signature(other) }, other);
  assert.deepEqual([event.what, event.name], [undefined, 'tn.jpm.moon-landed']);
});

test('one that is not is refused, and what is none is named', async () => {
  const header = { 'x-servicetitan-signature': signature(body) };
  for (const [headers, bytes] of [[header, Buffer.concat([body, body])], [{}, body], [{ 'x-servicetitan-signature': '0'.repeat(64) }, body]] as const) {
    await assert.rejects(titan.verifyAndParse('servicetitan', headers, bytes), (error) => error instanceof PenstockError && error.kind === 'authentication');
  }
  for (const [headers, bytes, field] of [[{}, 'text', 'body'], [{ a: 1 }, body, 'headers'], [header, body.toString(), 'body']] as const) {
    const call = titan.verifyAndParse('servicetitan', headers as never, bytes as never);
    await assert.rejects(call, (error) => error instanceof PenstockError && error.kind === 'bad-input' && error.fields[0]?.field === field);
  }
});

test('Asleep tells of sessions', async () => {
  const sleep = new Asleep({ ASLEEP_API_KEY: 'a key of Asleep' });
  const bytes = Buffer.from(JSON.stringify({ event: 'SESSION_COMPLETE', version: 'V3', user_id: 'u1', session_id: 's1', stat: {} }));
  const event = await sleep.verifyAndParse('asleep', { 'x-api-key': 'a key of Asleep' }, bytes);
  assert.deepEqual([event.what, event.details.sessionId, event.trust], ['session-complete', 's1', 'key']);
  await sleep.close();
});
