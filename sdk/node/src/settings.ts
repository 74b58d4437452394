import { local, misfit } from './errors.js';

/**
 * Where settings and credentials come from: an object, or a function of a name such as `SERVICETITAN_CLIENT_SECRET`,
 * which may take its time and is asked again now and then. The environment without any.
 */
export type Settings =
  | Readonly<Record<string, string | undefined>>
  | ((name: string) => string | undefined | Promise<string | undefined>);

/** A function that answers for a name. */
export function lookup(settings: Settings | undefined): (name: string) => string | undefined | Promise<string | undefined> {
  if (typeof settings === 'function') return settings;
  if (settings !== undefined && (typeof settings !== 'object' || settings === null)) {
    throw misfit([{ field: 'settings', message: 'must be an object, or a function of a name' }]);
  }
  const known = settings ?? process.env;
  return (name) => known[name] ?? (name === 'LOG_LEVEL' ? 'warn' : undefined);
}

/** A setting, which is a text alone. What is refused is not repeated: it may be a secret. */
export function setting(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw local('configuration', 'the settings do not fit', [{ field: name, message: `must be a text, and not of type ${typeof value}` }]);
}
