// Writes the typed part from `wit/`, translates the component into JavaScript, and compiles the TypeScript.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const sdk = dirname(here);
const run = (command, ...parameters) => execFileSync(command, parameters, { cwd: here, stdio: 'inherit' });
const python = (...parameters) => execFileSync('python3', parameters, { cwd: sdk, stdio: ['ignore', 'pipe', 'inherit'] });

const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const contract = String(python('-c', 'import component; print(component.version())')).trim();
if (version !== contract) throw new Error(`the package is ${version}, and the contract is ${contract}`);

rmSync(join(here, 'dist'), { recursive: true, force: true });
mkdirSync(join(here, 'build'), { recursive: true });
const wasm = join(here, 'build', 'penstock.wasm');
python('component.py', wasm);
python('-m', 'generate', 'typescript', dirname(sdk), join(here, 'src'));
run('npx', 'jco', 'transpile', wasm, '--quiet', '--name', 'penstock', '--out-dir', join(here, 'dist', 'component'),
  '--no-typescript', '--map', 'penstock:host/*=../host.js#*');
run('node', 'handles.mjs', join('dist', 'component', 'penstock.js'));
run('npx', 'tsc');
cpSync(join(here, 'src', 'component', 'penstock.d.ts'), join(here, 'dist', 'component', 'penstock.d.ts'));
