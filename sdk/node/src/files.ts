import { createReadStream } from 'node:fs';
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

/** A file on its way from the vendor: its bytes are fetched as fast as they are read. */
export class Download implements AsyncIterable<Uint8Array> {
  /** What is known of it. */
  readonly info: FileInfo;

  constructor(
    info: object,
    private readonly instance: Instance,
    private readonly reader: number,
  ) {
    this.info = plain(info);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let some; (some = await this.instance.call<Uint8Array | undefined>('read', this.reader, PIECE)) !== undefined; ) yield some;
      await this.instance.call('end', this.reader);
    } finally {
      this.instance.call('drop', this.reader).catch(() => undefined);
    }
  }

  /** All bytes. */
  async bytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const some of this) pieces.push(some);
    return Buffer.concat(pieces);
  }
}

/** What the component is told of a file that is sent. */
export function about({ content, fileName, contentType, length }: Upload): object {
  const known = length ?? (content instanceof Uint8Array ? content.length : undefined);
  return { fileName, contentType, length: known === undefined ? undefined : BigInt(known) };
}

/** The bytes of a file, bit by bit. */
export async function* pieces({ content }: Upload): AsyncGenerator<Uint8Array, void, undefined> {
  const source = content instanceof Uint8Array ? [content] : content instanceof URL ? createReadStream(content) : content;
  for await (const some of source) {
    const bytes = some as Uint8Array;
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
  }
}
