# What every leg starts with: strict mode, the top of the tree, the tools it installs for itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Nothing is built twice here that a build in steps would make faster, and its files take half the room.
export CARGO_INCREMENTAL=0

step() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

# Kept beside what is built, so that nothing outside the tree is needed or touched.
export PATH="$PWD/target/tools/bin:$PATH"
# `tool NAME VERSION`: a cargo subcommand, unless it is there.
tool() { command -v "$1" >/dev/null || cargo install --locked --root target/tools "$1@$2"; }

rust_parts() {
    if command -v rustup >/dev/null; then
        rustup component add rustfmt clippy
        rustup target add wasm32-wasip2
    fi
    rustc --version
    cargo --version
}

# A PostgreSQL for tests, which start it themselves.
postgresql() {
    if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! command -v initdb >/dev/null; then
        ${SUDO-} apt-get update -q && ${SUDO-} apt-get install -y -q postgresql
    fi
}
