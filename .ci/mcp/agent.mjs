// `node agent.mjs SDK TRANSPORT`: an agent with a client of somebody else's, over HTTP to the gateway at URL, or over
// standard input and output to PENSTOCK, which holds so many JOBS.
import assert from "node:assert/strict";

const [sdk, transport] = process.argv.slice(2);
const { URL: url, PENSTOCK, READER, WRITER } = process.env;
const jobs = Number(process.env.JOBS);
const note = "jpm.jobs-create-note";

async function library() {
    if (sdk === "sdk-1") {
        const [{ Client }, { StreamableHTTPClientTransport }, { StdioClientTransport }] = await Promise.all([
            import("@modelcontextprotocol/sdk/client/index.js"),
            import("@modelcontextprotocol/sdk/client/streamableHttp.js"),
            import("@modelcontextprotocol/sdk/client/stdio.js"),
        ]);
        const call = (client, params, options) => client.callTool(params, undefined, options);
        return { Client, StreamableHTTPClientTransport, StdioClientTransport, call, options: {}, version: "2025-11-25" };
    }
    const [{ Client, StreamableHTTPClientTransport }, { StdioClientTransport }] = await Promise.all([
        import("@modelcontextprotocol/client"),
        import("@modelcontextprotocol/client/stdio"),
    ]);
    const newest = sdk === "client-2";
    return {
        Client,
        StreamableHTTPClientTransport,
        StdioClientTransport,
        call: (client, params, options) => client.callTool(params, options),
        options: newest ? { versionNegotiation: { mode: "auto" } } : {},
        version: newest ? "2026-07-28" : "2025-11-25",
    };
}

const of = await library();

async function connect(role) {
    const client = new of.Client({ name: "penstock-check", version: "1" }, of.options);
    if (transport === "http") {
        const key = role === "admin" ? WRITER : READER;
        const requestInit = { headers: { Authorization: `Bearer ${key}` } };
        await client.connect(new of.StreamableHTTPClientTransport(new URL(url), { requestInit }));
    } else {
        const args = ["mcp", "--jobs", String(jobs), "--role", role];
        await client.connect(new of.StdioClientTransport({ command: PENSTOCK, args, stderr: "ignore" }));
    }
    const call = (name, args, options) => of.call(client, { name, arguments: args }, options);
    const good = async (name, args, options) => {
        const result = await call(name, args, options);
        assert.ok(!result.isError, JSON.stringify(result));
        return result.structuredContent;
    };
    return { client, call, good };
}

const reader = await connect("read-only");
if (sdk !== "sdk-1") assert.equal(reader.client.getNegotiatedProtocolVersion(), of.version);
assert.equal(reader.client.getServerVersion()?.name, "penstock");

const { tools } = await reader.client.listTools();
assert.equal(tools.length, 7);
assert.ok(tools.every((tool) => tool.annotations.readOnlyHint));

const found = await reader.good("search-operations", { query: "yesterday's completed jobs" });
assert.ok(found.operations.slice(0, 3).some((one) => one.operation === "jpm.jobs-list"), JSON.stringify(found));
const described = await reader.good("describe-operation", { operation: "jpm.jobs-list" });
assert.ok(described.parametersSchema.properties.jobStatus);

// All of a list, in pieces.
const ids = [];
for (let resume; ; ) {
    const page = await reader.good("read-list", { operation: "jpm.jobs-list", limit: 250, maxBytes: 262144, fields: ["id"], resume });
    ids.push(...page.records.map((record) => record.id));
    if (page.complete) break;
    resume = page.resume;
}
// The vendor lists not every job that it holds.
const { count } = await reader.good("count", { operation: "jpm.jobs-list" });
assert.ok(count >= 1000, `${count}`);
assert.equal(ids.length, count);
assert.equal(new Set(ids).size, count);
const job = await reader.good("call-operation", { operation: "jpm.jobs-get", parameters: { id: ids[7] } });
assert.equal(job.answer.id, ids[7]);

// How far a read is, and one that is no longer wanted.
const told = [];
const long = { operation: "jpm.jobs-list", limit: 1000, maxBytes: 262144, fields: ["id"], parameters: { pageSize: 50 } };
await reader.good("read-list", long, { onprogress: (progress) => told.push(progress.progress) });
assert.ok(told.length > 5 && told.every((now, place) => place === 0 || now > told[place - 1]), JSON.stringify(told));
const stop = new AbortController();
const cancelled = reader.call("read-list", long, { signal: stop.signal, onprogress: () => stop.abort("enough") });
await assert.rejects(cancelled);
assert.equal((await reader.good("count", { operation: "jpm.jobs-list" })).count, count);

// Refused without the role; done with it, by who means it.
const write = { operation: note, parameters: { id: ids[0] }, body: { text: "The gate is open" } };
const refused = await reader.call("call-operation", { ...write, confirm: note });
assert.ok(refused.isError && refused.structuredContent.failure.status === 403, JSON.stringify(refused));
const writer = await connect("admin");
const unmeant = await writer.call("call-operation", write);
assert.ok(unmeant.isError && unmeant.structuredContent.failure.fields[0].field === "confirm", JSON.stringify(unmeant));
const shown = await writer.good("call-operation", { ...write, dryRun: true });
assert.equal(shown.outcome, "not-sent");
const made = await writer.good("call-operation", { ...write, confirm: note });
assert.equal(made.outcome, "applied");

await assert.rejects(reader.client.readResource({ uri: "penstock://servicetitan/default/jpm.jobs-list" }));
await Promise.all([reader.client.close(), writer.client.close()]);
console.log(`${sdk} over ${transport}, ${of.version}: ${ids.length} jobs in pieces, ${told.length} times told how far`);
process.exit(0);
