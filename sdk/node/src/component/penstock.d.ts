// What the worker calls of the component, as jco translates it (`penstock:connector`, for WASI 0.2).

/** A `result` whose bad side is a `failure` throws it, as `payload`. */
export interface Reader<T> {
  next(max: number): T[] | undefined;
  end(): object;
  [Symbol.dispose](): void;
}

export type ListItem = { tag: 'record'; val: string } | { tag: 'position'; val: { resume: string; pages: number; total?: bigint } };

export const operations: {
  invoke(vendor: string, operation: string, parameters: [string, string][], body: string | undefined, options: object): object;
  listWithPositions(vendor: string, operation: string, parameters: [string, string][], body: string | undefined, options: object): Reader<ListItem>;
  describe(vendor: string, filter?: string): object[];
};

export interface ByteReader {
  read(max: number): Uint8Array | undefined;
  end(): void;
  [Symbol.dispose](): void;
}

export interface AnswerWriter {
  write(bytes: Uint8Array): boolean;
  end(): object;
  [Symbol.dispose](): void;
}

export const transfers: {
  download(vendor: string, operation: string, parameters: [string, string][], options: object): { info: object; content: ByteReader };
  upload(vendor: string, operation: string, parameters: [string, string][], file: object, options: object): AnswerWriter;
};

export const admin: {
  ready(vendor: string, account?: string): { ready: boolean; missing: { field: string; message: string }[] };
  metrics(): string;
};

export const webhooks: {
  verifyAndParse(vendor: string, account: string | undefined, headers: [string, string][], body: Uint8Array): object;
};
