// `node measure.mjs ROUNDS MOST`: the same reads as calls of tools and under /v1, in turn on one connection each. A
// tool's p50 may be so many times that of /v1.
import assert from "node:assert/strict";
import http from "node:http";

const [rounds, most] = process.argv.slice(2).map(Number);
const { URL: url, READER } = process.env;
const { hostname, port } = new URL(url);

function connection() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    return (method, path, body) =>
        new Promise((resolve, reject) => {
            const headers = { Authorization: `Bearer ${READER}` };
            if (body) Object.assign(headers, { "Content-Type": "application/json", "MCP-Protocol-Version": "2025-11-25" });
            const request = http.request({ agent, hostname, port, method, path, headers }, (response) => {
                let text = "";
                response.setEncoding("utf8").on("data", (piece) => (text += piece)).on("end", () => resolve(text));
            });
            request.on("error", reject).end(body);
        });
}

const [own, tools] = [connection(), connection()];
const tool = (name, args) =>
    tools("POST", "/mcp", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } }));
const list = JSON.parse(await own("GET", "/v1/servicetitan/default/jpm/jobs?pageSize=50"));
const id = list.data[0].id;

// A list whose one page is all of it, since the first piece of a longer one costs a request more.
const filter = { ids: list.data.slice(0, 40).map((job) => job.id).join(",") };
const pairs = {
    "a job": [
        () => own("GET", `/v1/servicetitan/default/jpm/jobs/${id}`),
        () => tool("call-operation", { operation: "jpm.jobs-get", parameters: { id } }),
    ],
    "a list of 40": [
        () => own("GET", `/v1/servicetitan/default/jpm/jobs?pageSize=50&ids=${filter.ids}`),
        () => tool("read-list", { operation: "jpm.jobs-list", parameters: filter }),
    ],
};

const p50 = (times) => times.sort((one, other) => one - other)[Math.floor(times.length / 2)];

async function ratio(name, ways) {
    const times = [[], []];
    for (let round = -10; round < rounds; round++) {
        // Neither is always the second.
        for (const way of round % 2 ? [0, 1] : [1, 0]) {
            const began = performance.now();
            const text = await ways[way]();
            if (round >= 0) times[way].push(performance.now() - began);
            assert.ok(text.includes(`"id":${id}`), text.slice(0, 500));
        }
    }
    const [v1, mcp] = times.map(p50);
    console.log(`${name}: /v1 ${v1.toFixed(2)} ms, a tool ${mcp.toFixed(2)} ms, ${(mcp / v1).toFixed(2)} times`);
    return mcp / v1;
}

for (const [name, ways] of Object.entries(pairs)) {
    // Whatever else the machine does may come between, but hardly three times.
    let attempts = 3;
    while ((await ratio(name, ways)) > most) if (--attempts === 0) process.exit(1);
}
process.exit(0);
