// What the component asks of its host: settings and secrets from the environment, and no store.
// A host function may throw nothing but what its error is made of.
const get = (name) => process.env[name] || undefined;

const none = () => {
  throw { tag: 'unavailable', val: 'there is no store' };
};

export const config = { get };
export const secrets = { get };
export const state = {
  claim: none,
  delete: none,
  get: none,
  listKeys: none,
  release: none,
  set: none,
  swap: none,
  takeTurns: none,
};
