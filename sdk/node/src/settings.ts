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
  const known = settings ?? process.env;
  return (name) => known[name] || (name === 'LOG_LEVEL' ? 'warn' : undefined);
}
