#!/usr/bin/env node
// Runs the program of this platform's package, as if it had been run itself.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

const require = createRequire(import.meta.url);
const file = process.platform === 'win32' ? 'penstock.exe' : 'penstock';
const name = `@penstock/cli-${process.platform}-${process.arch}`;

function program() {
  // Of the two C libraries of Linux, the package of the other one is not installed.
  for (const one of [name, `${name}-musl`]) {
    try {
      return require.resolve(`${one}/bin/${file}`);
    } catch {
      continue;
    }
  }
  console.error(`penstock-cli: there is no ${name}; was it installed without optional dependencies?`);
  process.exit(1);
}

const child = spawn(program(), process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`penstock-cli: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
