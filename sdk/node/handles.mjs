// What jco 1.35.0 makes of a component notes each handle that a resource ever had, in sets that nothing reads: some 40 bytes a
// handle, for as long as the process lives. This takes the notes out.
//
//   node handles.mjs FILE
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.argv[2];
const lines = readFileSync(file, 'utf8').split('\n');
const kept = lines.filter((line) => line.trim() !== 'table._createdReps.add(rep);');
const made = /^handleTable\d+\._createdReps = new Set\(\);$/;
if (kept.length === lines.length || kept.some((line) => line.includes('_createdReps') && !made.test(line.trim()))) {
  throw new Error(`${file}: this jco does something else with _createdReps: look whether handles.mjs is still needed`);
}
writeFileSync(file, kept.join('\n'));
