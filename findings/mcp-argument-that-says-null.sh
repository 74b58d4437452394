#!/usr/bin/env bash
# mcp 2.3.0 (Python SDK): a tool's text argument that says `null` arrives as no text at all, and one that is JSON is refused.
#
# The schema that the server publishes for `note: str | None` takes any string, and by the specification of MCP
# (2025-11-25, server/tools) arguments are validated by that schema. "null" with quotes is a string there; only null is null.
# Seen: each string argument whose parameter is not plainly `str` is parsed as JSON first (so much says a comment in the
# code, for clients that quote lists), and what comes out replaces it. `"null"` becomes None, without a word: a note, a
# name or a filter is emptied or left at its default. `"[1]"` and `"{\"a\":1}"`, strings too, are errors of validation.
# With `note: str` all of them arrive as they were sent.
#
# Needs Python 3 with venv and the network for the package; no sockets. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir mcp==2.3.0 jsonschema==4.26.0
cat >"$folder/finding.py" <<'PYTHON'
import asyncio, logging

import jsonschema
from mcp import Client
from mcp.server.mcpserver import MCPServer

server = MCPServer("finding")
logging.disable(logging.CRITICAL)


@server.tool()
def optional(note: str | None) -> str:
    return repr(note)


@server.tool()
def required(note: str) -> str:
    return repr(note)


async def main():
    async with Client(server) as client:
        schemas = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        for tool in ("required", "optional"):
            for note in ("null", "[1]", '{"a":1}', "no JSON"):
                arguments = {"note": note}
                jsonschema.validate(arguments, schemas[tool])
                result = await client.call_tool(tool, arguments)
                print(tool, repr(note), "->", "refused" if result.is_error else result.content[0].text)


asyncio.run(main())
PYTHON
seen=$("$folder/venv/bin/python" "$folder/finding.py")
printf '%s\n' "$seen"
[ "$seen" = "required 'null' -> 'null'
required '[1]' -> '[1]'
required '{\"a\":1}' -> '{\"a\":1}'
required 'no JSON' -> 'no JSON'
optional 'null' -> None
optional '[1]' -> refused
optional '{\"a\":1}' -> refused
optional 'no JSON' -> 'no JSON'" ]
