// The generated types at work: reads all pages of a list, and creates something once.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { env: Record<string, string | undefined> };
const { GATEWAY = "", KEY = "" } = process.env;

const options = { baseUrl: GATEWAY, headers: { Authorization: `Bearer ${KEY}` } };
const client = createClient<paths, "application/json" | "application/problem+json">(options);
const inLines = createClient<paths, "application/x-ndjson" | "application/problem+json">(options);
const account = "default";

function sure<T>(value: T | undefined, why: unknown): T {
  if (value === undefined) throw new Error(JSON.stringify(why));
  return value;
}

// Page by page, as whoever may be interrupted reads.
const ids = new Set<number>();
let [pages, total] = [0, 0];
for (let resume: string | undefined; ; ) {
  const query = { pageSize: 300, includeTotal: true, ...(resume === undefined ? {} : { resume }) };
  const params = { path: { account }, query };
  const { data, error } = await client.GET("/v1/servicetitan/{account}/jpm/jobs", { params });
  const page = sure(data, error);
  page.data.forEach(({ id }) => ids.add(id));
  [pages, total] = [pages + 1, page.page.totalCount ?? 0];
  if (!page.page.hasMore) break;
  resume = page.resume;
}
if (pages < 2 || ids.size !== total) throw new Error(`${ids.size} jobs of ${total} in ${pages} pages`);

// The same at once, as lines.
const { data: text, error } = await inLines.GET("/v1/servicetitan/{account}/jpm/jobs", {
  params: { path: { account }, query: { all: true, pageSize: 500 } },
  parseAs: "text",
});
const lines = sure(text, error).trimEnd().split("\n").map((line) => JSON.parse(line));
const last = lines.pop();
if (last.penstock?.end?.complete !== true) throw new Error(JSON.stringify(last));
if (lines.length !== ids.size || !lines.every(({ id }) => ids.has(id))) throw new Error(`${lines.length} lines`);

// A create with a key is made once, and the second answer is the first one's.
async function create(key: string, note: string) {
  return client.POST("/v1/servicetitan/{account}/crm/customers/{id}/notes", {
    params: { path: { account, id: 100001 }, header: { "Idempotency-Key": key } },
    body: { text: note, pinToTop: false },
  });
}
async function notes(): Promise<number> {
  const { data, error } = await client.GET("/v1/servicetitan/{account}/crm/customers/{id}/notes", {
    params: { path: { account, id: 100001 }, query: { includeTotal: true } },
  });
  return sure(sure(data, error).page.totalCount, data);
}
const before = await notes();
const key = `"${crypto.randomUUID()}"`;
const [first, second] = [await create(key, "from TypeScript"), await create(key, "from TypeScript")];
const [made, again] = [sure(first.data, first.error), sure(second.data, second.error)];
const replayed = [first, second].map(({ response }) => response.headers.get("idempotency-replayed"));
if (JSON.stringify(made) !== JSON.stringify(again) || replayed.join() !== ",true") throw new Error(replayed.join());
if ((await notes()) !== before + 1) throw new Error("it is not there once");
const other = await create(key, "something else");
if (other.error?.type !== "urn:penstock:gateway:idempotency-key-reused") throw new Error(JSON.stringify(other.error));
console.log(`TypeScript: ${ids.size} jobs in ${pages} pages and as lines, one note by two requests`);
