#!/usr/bin/env bash
# jco 1.35.0: a string that begins with U+FEFF comes out of a component without it.
#
# By the component model a `string` is a list of Unicode scalar values, and lifting it gives exactly these. U+FEFF is one
# of them: in UTF-8 it is the byte order mark that CSV files of Excel begin with, so texts of downloads have it.
# Seen: the JavaScript that jco generates lifts with a TextDecoder that is left at its default, which removes a leading
# mark. Only the first one, and only out of the component: three go in (the guest counts 3 bytes of UTF-8 for each), two
# come out. Lengths and signatures over the text no longer fit. wasmtime 50.0.1 for Python gives all three.
#
# Needs Node 20 with npm, Python 3 with venv, and the network for the packages. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --cache "$folder/cache" @bytecodealliance/jco@1.35.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir wasmtime==50.0.1
cat >echo.wat <<'WAT'
(component
  (core module $code
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3))))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))
    (func (export "bytes") (param i32 i32) (result i32) (local.get 1)))
  (core instance $run (instantiate $code))
  (func (export "echo") (param "text" string) (result string)
    (canon lift (core func $run "echo") (memory (core memory $run "memory")) (realloc (core func $run "realloc"))))
  (func (export "bytes") (param "text" string) (result u32)
    (canon lift (core func $run "bytes") (memory (core memory $run "memory")) (realloc (core func $run "realloc")))))
WAT
cat >finding.mjs <<'JS'
import { echo, bytes } from './out/echo.js';
for (const text of ['\ufeff\ufeff\ufeff', '\ufeffid', 'id\ufeff'])
    console.log(`jco: ${text.length} characters, ${bytes(text)} bytes in the guest, ${echo(text).length} come back`);
JS
cat >finding.py <<'PYTHON'
from wasmtime import Engine, Store
from wasmtime.component import Component, Linker

engine = Engine()
store = Store(engine)
instance = Linker(engine).instantiate(store, Component(engine, open("echo.wat").read()))
for text in ("\ufeff\ufeff\ufeff", "\ufeffid", "id\ufeff"):
    echo = instance.get_func(store, "echo")
    back = echo(store, text)
    echo.post_return(store)
    print(f"wasmtime: {len(text)} characters, {len(back)} come back")
PYTHON
echo '{ "type": "module" }' >package.json
{
    npx jco parse echo.wat -o echo.wasm
    npx jco transpile echo.wasm -o out
} >log 2>&1 || { cat log; exit 1; }
seen=$(node finding.mjs && venv/bin/python finding.py)
printf '%s\n' "$seen"
[ "$seen" = "jco: 3 characters, 9 bytes in the guest, 2 come back
jco: 3 characters, 5 bytes in the guest, 2 come back
jco: 3 characters, 5 bytes in the guest, 3 come back
wasmtime: 3 characters, 3 come back
wasmtime: 3 characters, 3 come back
wasmtime: 3 characters, 3 come back" ]
