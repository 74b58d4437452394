// Simulated vendors, each a process of its own (`penstock vendor`), and a server that takes a write and is silent.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const built = join(dirname(fileURLToPath(import.meta.url)), '../../../../../target/debug/penstock');
const program = process.env['PENSTOCK_PROGRAM'] ?? (existsSync(built) ? built : 'penstock');
const running = new Map<string, { process: ChildProcess; settings: Record<string, string> }>();

/** Starts a vendor, and gives the settings of a client. */
export async function vendor(...given: string[]): Promise<Record<string, string>> {
  const key = given.join(' ');
  const there = running.get(key);
  if (there !== undefined) return { ...there.settings };
  const child = spawn(program, ['vendor', '--port', '0', '--unlimited', ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  const settings: Record<string, string> = { SERVICETITAN_RATE_LIMIT: '10000', PENSTOCK_ROLE: 'admin', LOG_LEVEL: 'error' };
  for await (const line of createInterface(child.stdout)) {
    const [name, ...value] = line.split('=');
    if (!line.startsWith('#') && name !== undefined) settings[name] = value.join('=');
    if (name === 'SERVICETITAN_TENANT_ID') break;
  }
  if (settings['SERVICETITAN_TENANT_ID'] === undefined) throw new Error('the vendor did not start');
  running.set(key, { process: child, settings });
  return { ...settings };
}

/** Ends all vendors. */
export function end(): void {
  for (const { process } of running.values()) {
    process.stdout?.destroy();
    process.kill();
  }
}

/** A server that grants tokens, reads everything else, and never answers. */
export async function silent(): Promise<{ read: string[]; settings: Record<string, string>; close: () => void }> {
  const read: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/connect/token') {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ access_token: 't', expires_in: 900, token_type: 'Bearer' }));
      } else {
        read.push(`${request.method} ${request.url}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = {
    LOG_LEVEL: 'error',
    PENSTOCK_ALLOW_HTTP: 'true',
    PENSTOCK_ROLE: 'admin',
    REQUEST_TIMEOUT: '1',
    SERVICETITAN_API_URL: url,
    SERVICETITAN_AUTH_URL: url,
    SERVICETITAN_APP_KEY: 'ak',
    SERVICETITAN_CLIENT_ID: 'cid',
    SERVICETITAN_CLIENT_SECRET: 'cs',
    SERVICETITAN_TENANT_ID: '7',
  };
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { read, settings, close };
}
