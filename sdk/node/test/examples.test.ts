// The examples run, and end by themselves.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { end, vendor } from './vendor.js';

after(end);
const cwd = mkdtempSync(join(tmpdir(), 'penstock-'));
const run = async (example: string) => {
  const env = { ...process.env, ...(await vendor('--jobs', '2000')) };
  const file = new URL(`../examples/${example}.js`, import.meta.url).pathname;
  return (await promisify(execFile)(process.execPath, [file], { cwd, env, timeout: 60_000 })).stdout;
};

test('completed jobs', async () => {
  assert.match(await run('completed-jobs'), /^(\d+: \d+\.\d\d\n)+$/);
});

test('an export that is run again goes on', async () => {
  assert.match(await run('nightly-export'), /^[1-9]\d+ changes\n$/);
  assert.equal(await run('nightly-export'), '0 changes\n');
});
