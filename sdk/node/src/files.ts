import { createReadStream } from 'node:fs';
import type { Call } from './call.js';
import { misfit } from './errors.js';
import type { Instance } from './pool.js';
import { plain } from './pages.js';

const PIECE = 64 * 1024;

/** A file on its way to the vendor. */
export interface Upload {
  /** Its bytes: at once, bit by bit, or from a file whose path a URL names. */
  content: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | URL;
  /** The name that the vendor shall give it. */
  fileName: string;
  /** Its media type; `application/octet-stream` without one. */
  contentType?: string;
  /** How many bytes it has, if that is known. A stream with more or less of them fails. */
  length?: number;
}

/** What is known of a file before its bytes come. */
export interface FileInfo {
  /** Our id of the call, for logs. */
  callId: string;
  /** The HTTP status. */
  status: number;
  /** The media type, as the vendor states it. */
  contentType?: string;
  /** The file's name, as the vendor states it, without a path. */
  fileName?: string;
  /** How many bytes it has. */
  length?: number;
}

// A file that nobody reads, and that is gone, is closed: it would hold a connection and a turn.
const gone = new FinalizationRegistry<{ instance: Instance; reader: number }>(({ instance, reader }) => {
  instance.call('drop', [reader]).catch(() => undefined);
});

/** A file on its way from the vendor: its bytes are fetched as fast as they are read. */
export class Download implements AsyncIterable<Uint8Array> {
  /** What is known of it. */
  readonly info: FileInfo;

  #begun = false;

  constructor(
    info: object,
    private readonly instance: Instance,
    private readonly reader: number,
    private readonly call: Call,
  ) {
    this.info = plain(info);
    gone.register(this, { instance, reader }, this);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    // A part would look like the whole file.
    if (this.#begun) throw new TypeError('a file can be read once: ask for it again');
    this.#begun = true;
    gone.unregister(this);
    return this.#pieces();
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const { call, instance, reader } = this;
    try {
      for (let some; (some = await instance.call<Uint8Array | undefined>('read', [reader, PIECE], call)) !== undefined; ) yield some;
      await instance.call('end', [reader], call);
    } finally {
      instance.call('drop', [reader]).catch(() => undefined);
    }
  }

  /** All bytes. */
  async bytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const some of this) pieces.push(some);
    return Buffer.concat(pieces);
  }
}

const CONTENT = 'must be a Uint8Array, an iterable of them, or the URL of a file: pathToFileURL(path) makes one of a path';

/** What the component is told of a file that is sent. */
export function about(file: Upload, operation: string): object {
  const { content, fileName, contentType, length } = (file ?? {}) as Upload;
  const iterable = typeof content === 'object' && content !== null && (Symbol.iterator in content || Symbol.asyncIterator in content);
  const wrong = [
    iterable || content instanceof URL ? '' : ['content', CONTENT],
    typeof fileName === 'string' ? '' : ['fileName', 'must be a text'],
    contentType === undefined || typeof contentType === 'string' ? '' : ['contentType', 'must be a text'],
    length === undefined || (Number.isSafeInteger(length) && length >= 0) ? '' : ['length', 'must be a whole number'],
  ].filter((one) => typeof one !== 'string') as [string, string][];
  if (wrong.length > 0) throw misfit(wrong.map(([field, message]) => ({ field, message })), operation);
  const known = length ?? (content instanceof Uint8Array ? content.length : undefined);
  return { fileName, contentType, length: known === undefined ? undefined : BigInt(known) };
}

/** The bytes of a file, bit by bit. */
export async function* pieces({ content }: Upload, operation: string): AsyncGenerator<Uint8Array, void, undefined> {
  const source = content instanceof Uint8Array ? [content] : content instanceof URL ? createReadStream(content) : content;
  let begun = false;
  for await (const some of source) {
    if (!(some instanceof Uint8Array)) throw misfit([{ field: 'content', message: CONTENT }], operation, begun ? 'unknown' : 'not-sent');
    begun = true;
    for (let at = 0; at < some.length; at += PIECE) yield some.subarray(at, at + PIECE);
  }
}
