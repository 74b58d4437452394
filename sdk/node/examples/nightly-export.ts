// Everything that changed since the last run, into a file of JSON lines: run it again tomorrow, and it goes on.
//
// The position is written behind each page that is on disk: whenever it is killed, no change is lost.
import { existsSync, readFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { Jpm } from 'penstock/servicetitan/jpm';

const POSITION = 'jobs.position';
const jobs = new Jpm().export.jobsList({}, existsSync(POSITION) ? { resume: readFileSync(POSITION, 'utf8') } : {});
const output = await open('jobs.ndjson', 'a');
for await (const page of jobs.batches()) {
  await output.write(page.map((job) => `${JSON.stringify(job)}\n`).join(''));
  await output.sync();
  if (jobs.resume !== undefined) await writeFile(POSITION, jobs.resume);
}
await output.close();
if (jobs.resume !== undefined) await writeFile(POSITION, jobs.resume);
console.log(`${jobs.end?.items} changes`);
