#!/usr/bin/env bash
# wasmtime 50.0.1 (Python): `True` given for `variant { count(u32), flag(bool) }` reaches the component as `count(1)`.
#
# A variant whose cases have different Python types takes and gives the bare payload; `Variant(tag, payload)` is for
# those whose cases cannot be told apart (`_tagged` in wasmtime/component/_types.py). Each type has its class for that,
# `bool` for `bool` and `int` for `u32`: a component's `flag(true)` comes out as `True`. By the Canonical ABI a value of
# a variant has one case, and what was lifted from it and is lowered again must have the same.
# Seen: the case is chosen by `isinstance`, in the order of the WIT, and in Python `True` is an `int`: with a number
# before it, the case `flag` cannot be sent at all (`Variant("flag", True)` is refused), and a value that came out of the
# component goes in as another one. With `flag` first it works. JSON-like values (`int`, `bool`, `text`) look like this.
#
# Needs Python 3 with venv and the network for the package. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir wasmtime==50.0.1
cat >"$folder/finding.py" <<'PYTHON'
from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Variant

# `which` answers the number of the case that it was given; `give` makes `flag(true)`.
TEXT = """(component
  (core module $code
    (memory (export "memory") 1)
    (func (export "which") (param i32 i32) (result i32) (local.get 0))
    (func (export "give") (result i32)
      (i32.store8 (i32.const 16) (i32.const FLAG)) (i32.store8 (i32.const 20) (i32.const 1)) (i32.const 16)))
  (core instance $run (instantiate $code))
  (type $value' (variant CASES))
  (export $value "value" (type $value'))
  (func (export "which") (param "value" $value) (result u32) (canon lift (core func $run "which")))
  (func (export "give") (result $value)
    (canon lift (core func $run "give") (memory (core memory $run "memory")))))"""
COUNT, FLAG = '(case "count" u32)', '(case "flag" bool)'


def attempt(order, flag):
    engine = Engine()
    store = Store(engine)
    component = Component(engine, TEXT.replace("CASES", " ".join(order)).replace("FLAG", str(flag)))
    instance = Linker(engine).instantiate(store, component)

    def call(name, *arguments):
        function = instance.get_func(store, name)
        result = function(store, *arguments)
        function.post_return(store)
        return result

    value = call("give")
    print(f"flag is case {flag}: it comes out as {value!r}, and goes in as case {call('which', value)}")
    try:
        call("which", Variant("flag", True))
    except ValueError as error:
        print("tagged:", error)


attempt([FLAG, COUNT], 0)
attempt([COUNT, FLAG], 1)
PYTHON
seen=$("$folder/venv/bin/python" "$folder/finding.py")
printf '%s\n' "$seen"
[ "$seen" = "flag is case 0: it comes out as True, and goes in as case 0
tagged: value not valid for this variant
flag is case 1: it comes out as True, and goes in as case 0
tagged: value not valid for this variant" ]
