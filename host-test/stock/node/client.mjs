// Calls the component in this process, and prints what came of it as one JSON object.
//
//   node client.mjs jobs                the ids of all jobs, and how the read ended
//   node client.mjs write               what came of a POST
//   node client.mjs file ID             how many bytes the recording of a call has
//   node client.mjs calls ID COUNT...   the memory in use after so many calls
import { jpm, operations, transfers } from './component/plugin.js';
import { performance } from 'node:perf_hooks';

// A failure of the component is thrown, and is the error's payload.
const outcome = (call) => {
  try {
    return { ok: call() };
  } catch (error) {
    if (error.payload === undefined) throw error;
    return { failure: error.payload };
  }
};

const commands = {
  jobs() {
    const began = performance.now();
    const reader = jpm.jobsList({ ...noJobs, sort: '+Id' }, { pageSize: 500 });
    const ids = [];
    for (let jobs; (jobs = reader.next(500)) !== undefined; ) {
      for (const job of jobs) ids.push(Number(job.id));
    }
    const { complete, items } = reader.end();
    reader[Symbol.dispose]();
    return { ids, complete, items: Number(items), seconds: (performance.now() - began) / 1000 };
  },

  write() {
    const call = () => operations.invoke('servicetitan', 'jpm.job-types-create', [], '{"name":"Repair"}', undefined);
    const { ok, failure } = outcome(call);
    return ok ? { status: ok.info.status } : { kind: failure.kind, outcome: failure.outcome };
  },

  file(of) {
    const asked = ['servicetitan', 'telecom.calls-download-recording', [['id', of]], undefined];
    const { content } = transfers.download(...asked);
    let bytes = 0;
    for (let some; (some = content.read(65536)) !== undefined; ) bytes += some.length;
    content.end();
    content[Symbol.dispose]();
    return { bytes };
  },

  async calls(of, ...counts) {
    const memory = {};
    let made = 0;
    for (const count of counts.map(Number)) {
      for (; made < count; made++) {
        operations.invoke('servicetitan', 'jpm.jobs-get', [['id', of]], undefined, undefined);
        // What has ended is forgotten by the shim's finalizers, which run when the event loop turns.
        if (made % 10 === 0) await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      memory[count] = heapUsed + external;
    }
    return { memory };
  },
};

// Fields that are lists may not be left out.
const noJobs = {
  equipmentIds: new BigInt64Array(),
  estimateIds: new BigInt64Array(),
  externalDataValues: [],
  ids: new BigInt64Array(),
  tagTypeIds: new BigInt64Array(),
};

const [name, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await commands[name](...rest)));
