// The typed part against what the component says of itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asleep, Client, ServiceTitan } from 'penstock';

/** Notes which operation a method would call. */
class Recording extends Client {
  readonly called: string[] = [];
}
for (const name of ['one', 'list', 'page', 'download', 'upload']) {
  Object.defineProperty(Recording.prototype, name, {
    value(this: Recording, _vendor: string, operation: string) {
      this.called.push(operation);
    },
  });
}

test('every operation is a method', async () => {
  let count = 0;
  for (const [vendor, client] of [['servicetitan', new ServiceTitan({})], ['asleep', new Asleep({})]] as const) {
    const recording = new Recording({});
    for (const module of Object.values(client).filter((one) => typeof one === 'object')) {
      const made = new (module.constructor as new (from: Client) => object)(recording);
      const own = Object.getPrototypeOf(Object.getPrototypeOf(made)) as object;
      for (const resource of [made, ...Object.values(made)] as Record<string, (...given: unknown[]) => unknown>[]) {
        const prototype = resource === made ? own : (Object.getPrototypeOf(resource) as object);
        for (const method of Object.getOwnPropertyNames(prototype)) {
          if (method !== 'constructor' && prototype !== Object.prototype) resource[method]?.(1, {}, {});
        }
      }
    }
    const known = await client.describe(vendor);
    assert.deepEqual(recording.called.sort(), known.flatMap(({ name, aliases }) => [name, ...aliases]).sort());
    count += recording.called.length;
    await client.close();
    await recording.close();
  }
  assert.equal(count, 834);
});
