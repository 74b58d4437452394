// The component in a thread of its own: a call of it holds up the thread that makes it.
import { parentPort } from 'node:worker_threads';
import { type AnswerWriter, type ByteReader, type ListItem, type Reader, admin, operations, transfers, webhooks } from './component/penstock.js';
import { install } from './logs.js';

install();

/** What is asked of a worker. */
export interface Task {
  name: keyof typeof tasks;
  given: unknown[];
}

/** What comes of it. */
export type Done = { value: unknown } | { failure: object } | { broken: string };

/** A line of the log, which comes before what comes of the call. */
export type Said = { log: string };

/** Records as one JSON array, and how many of them lie before each position. */
export interface Batch {
  json: string;
  positions: { behind: number; resume: string; total?: bigint }[];
}

type Held = Reader<ListItem> | ByteReader | AnswerWriter;
const held = new Map<number, Held>();
let count = 0;

function hold(what: Held): number {
  held.set(++count, what);
  return count;
}

const tasks = {
  invoke: operations.invoke,
  describe: operations.describe,
  ready: admin.ready,
  metrics: admin.metrics,
  verifyAndParse: webhooks.verifyAndParse,
  list: (...given: Parameters<typeof operations.listWithPositions>) => hold(operations.listWithPositions(...given)),
  next(reader: number, most: number): Batch | undefined {
    const items = (held.get(reader) as Reader<ListItem>).next(most);
    return items === undefined ? undefined : batch(items);
  },
  end: (which: number) => (held.get(which) as Reader<ListItem> | AnswerWriter).end(),
  download(...given: Parameters<typeof transfers.download>) {
    const { info, content } = transfers.download(...given);
    return { info, content: hold(content) };
  },
  read: (content: number, most: number) => (held.get(content) as ByteReader).read(most),
  upload: (...given: Parameters<typeof transfers.upload>) => hold(transfers.upload(...given)),
  write: (writer: number, bytes: Uint8Array) => (held.get(writer) as AnswerWriter).write(bytes),
  drop(which: number) {
    held.get(which)?.[Symbol.dispose]();
    held.delete(which);
  },
};

function batch(items: ListItem[]): Batch {
  const texts: string[] = [];
  const positions: Batch['positions'] = [];
  for (const item of items) {
    if (item.tag === 'record') texts.push(item.val);
    else positions.push({ behind: texts.length, resume: item.val.resume, ...(item.val.total === undefined ? {} : { total: item.val.total }) });
  }
  return { json: `[${texts.join(',')}]`, positions };
}

function run({ name, given }: Task): Done {
  try {
    return { value: (tasks[name] as (...given: unknown[]) => unknown)(...given) };
  } catch (error) {
    const failure = (error as { payload?: object }).payload;
    return failure === undefined ? { broken: String((error as Error).stack) } : { failure };
  }
}

parentPort?.on('message', (task: Task) => {
  const done = run(task);
  const bytes = 'value' in done && done.value instanceof Uint8Array ? [done.value.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(done, bytes);
});
