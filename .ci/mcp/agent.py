"""`agent.py MODE TRANSPORT`: the same as `agent.mjs`, with the client in Python."""

import asyncio
import contextlib
import os
import sys

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

MODE, TRANSPORT = sys.argv[1:]
JOBS = int(os.environ["JOBS"])
NOTE = "jpm.jobs-create-note"
VERSION = {"legacy": "2025-11-25", "auto": "2026-07-28"}[MODE]


@contextlib.asynccontextmanager
async def connected(role):
    if TRANSPORT == "stdio":
        arguments = ["mcp", "--jobs", str(JOBS), "--role", role]
        server = StdioServerParameters(command=os.environ["PENSTOCK"], args=arguments, env=dict(os.environ))
        async with Client(server, mode=MODE) as client:
            yield client
        return
    key = os.environ["WRITER" if role == "admin" else "READER"]
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        async with Client(streamable_http_client(os.environ["URL"], http_client=http), mode=MODE) as client:
            yield client


async def good(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result
    return result.structured_content


async def all_ids(client):
    ids, more = [], {}
    while True:
        page = await good(client, "read-list", operation="jpm.jobs-list", limit=400, maxBytes=262144, fields=["id"], **more)
        ids += [record["id"] for record in page["records"]]
        if page["complete"]:
            return ids
        more = {"resume": page["resume"]}


async def main():
    async with connected("read-only") as reader:
        assert reader.protocol_version == VERSION, reader.protocol_version
        assert reader.server_info.name == "penstock"
        tools = (await reader.list_tools()).tools
        assert len(tools) == 7, tools
        found = await good(reader, "search-operations", query="who is on call")
        assert "dispatch.technician-shifts-list" in [one["operation"] for one in found["operations"][:3]], found
        ids = await all_ids(reader)
        # The vendor lists not every job that it holds.
        count = (await good(reader, "count", operation="jpm.jobs-list"))["count"]
        assert len(ids) == len(set(ids)) == count >= 1000, (len(ids), count)
        told = []

        async def tell(progress, total, message):
            told.append(progress)

        long = {"operation": "jpm.jobs-list", "limit": 1000, "maxBytes": 262144, "fields": ["id"], "parameters": {"pageSize": 50}}
        await reader.call_tool("read-list", long, progress_callback=tell)
        assert len(told) > 5 and told == sorted(set(told)), told
        write = {"operation": NOTE, "parameters": {"id": ids[0]}, "body": {"text": "The gate is open"}}
        refused = await reader.call_tool("call-operation", {**write, "confirm": NOTE})
        assert refused.is_error and refused.structured_content["failure"]["status"] == 403, refused
        try:
            await reader.call_tool("no-such-tool", {})
            raise AssertionError("a tool that is not there was called")
        except MCPError as error:
            assert "Unknown tool" in str(error), error
    async with connected("admin") as writer:
        unmeant = await writer.call_tool("call-operation", write)
        assert unmeant.is_error and unmeant.structured_content["failure"]["fields"][0]["field"] == "confirm", unmeant
        made = await good(writer, "call-operation", **write, confirm=NOTE)
        assert made["outcome"] == "applied", made
    print(f"mcp {MODE} over {TRANSPORT}, {VERSION}: {len(ids)} jobs in pieces, {len(told)} times told how far")


asyncio.run(main())
