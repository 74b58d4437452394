// Reads all jobs with Penstock and with what Node has by itself (fetch and JSON.parse), side by side in one run:
//
//   node node_read.mjs PROGRAM [ROUNDS]        (in `sdk/node`, after `npm run build`)
//
// PROGRAM is `penstock`, preferably a release build: the simulated vendor takes its part of the machine. Both have the same
// number of pages in flight.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const began = performance.now();
const { ServiceTitan } = await import(pathToFileURL(`${process.cwd()}/dist/index.js`).href);
const [program, rounds = '5'] = process.argv.slice(2);
const [WINDOW, PAGE] = [8, 500];

async function vendor(...given) {
  const child = spawn(program, ['vendor', '--port', '0', '--unlimited', ...given], { stdio: ['ignore', 'pipe', 'ignore'] });
  const settings = { SERVICETITAN_RATE_LIMIT: '10000', LOG_LEVEL: 'error' };
  for await (const line of createInterface(child.stdout)) {
    const [name, value] = line.split('=');
    if (value !== undefined && !line.startsWith('#')) settings[name] = value;
    if (name === 'SERVICETITAN_TENANT_ID') break;
  }
  return { settings, end: () => child.kill() };
}

async function byHand(settings) {
  const base = settings.SERVICETITAN_API_URL;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: settings.SERVICETITAN_CLIENT_ID, client_secret: settings.SERVICETITAN_CLIENT_SECRET });
  const token = (await (await fetch(`${base}/connect/token`, { method: 'POST', body: form })).json()).access_token;
  const headers = { authorization: `Bearer ${token}`, 'st-app-key': settings.SERVICETITAN_APP_KEY };
  const page = async (number) => {
    const url = `${base}/jpm/v2/tenant/${settings.SERVICETITAN_TENANT_ID}/jobs?page=${number}&pageSize=${PAGE}&sort=%2BId`;
    return JSON.parse(await (await fetch(url, { headers })).text());
  };
  const ahead = Array.from({ length: WINDOW }, (_, at) => page(at + 1));
  const jobs = [];
  for (let number = WINDOW + 1; ; number++) {
    const { data, hasMore } = await ahead.shift();
    for (const job of data) jobs.push(job);
    if (!hasMore) return jobs.length;
    ahead.push(page(number));
  }
}

const median = (of) => of.toSorted?.((a, b) => a - b)[Math.floor(of.length / 2)] ?? [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)];

const first = new ServiceTitan({});
await first.ready('servicetitan');
console.log(`loaded: ${((performance.now() - began) / 1000).toFixed(2)} s, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`);
await first.close();
for (const latency of ['0', '50']) {
  const { settings, end } = await vendor('--latency', latency);
  const titan = new ServiceTitan(settings);
  const ways = {
    penstock: async () => (await titan.jpm.jobs.list({}, { pageSize: PAGE, window: WINDOW }).toArray()).length,
    'fetch and JSON.parse': () => byHand(settings),
  };
  const seen = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= Number(rounds); round++) {
    const counts = new Set();
    for (const [name, read] of Object.entries(ways)) {
      const start = performance.now();
      const count = await read();
      // The first round warms up.
      if (round > 0) seen[name].push(count / ((performance.now() - start) / 1000));
      counts.add(count);
    }
    if (counts.size !== 1) throw new Error(`not the same: ${[...counts]}`);
  }
  for (const [name, speeds] of Object.entries(seen)) {
    const relation = median(seen.penstock) / median(speeds);
    console.log(`${latency.padStart(2)} ms  ${name.padEnd(22)}${median(speeds).toFixed(0).padStart(8)} records/s  ${relation.toFixed(2)}`);
  }
  await titan.close();
  end();
}
console.log(`most memory of this process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
process.exit();
