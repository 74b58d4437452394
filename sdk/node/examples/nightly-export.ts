// Everything that changed since the last run, into a file of JSON lines: run it again tomorrow, and it goes on.
//
// The position is written behind each page that is on disk: whenever it is killed, no change is lost.
import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { Jpm } from 'penstock/servicetitan/jpm';

const POSITION = 'jobs.position';

/** Puts the new position in the place of the old one, whole: a file that was cut off would go on somewhere else. */
async function keep(position: string | undefined): Promise<void> {
  if (position === undefined) return;
  const file = await open(`${POSITION}.new`, 'w');
  await file.writeFile(position);
  await file.sync();
  await file.close();
  await rename(`${POSITION}.new`, POSITION);
}

const known = existsSync(POSITION) ? readFileSync(POSITION, 'utf8').trim() : undefined;
// It would be an export from the beginning, behind what is in the file.
if (known === '') throw new Error(`${POSITION} is empty: delete it, and jobs.ndjson, to export everything anew`);
const jobs = new Jpm().export.jobsList({}, known === undefined ? {} : { resume: known });
const output = await open('jobs.ndjson', 'a');
for await (const page of jobs.batches()) {
  await output.write(page.map((job) => `${JSON.stringify(job)}\n`).join(''));
  await output.sync();
  await keep(jobs.resume);
}
await output.close();
await keep(jobs.resume);
console.log(`${jobs.end?.items} changes`);
