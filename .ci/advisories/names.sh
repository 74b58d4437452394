# The lock files of the tree, and the names in them. `advisories` is the folder of this file.
set -euo pipefail
advisories="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$advisories/../.."

# Every workspace's, also one that is not committed yet; all but the planted one.
lock_files() { git ls-files --cached --others --exclude-standard -- ':(glob)**/Cargo.lock' | grep -v /planted/; }

# `names LOCK...`: the names of the packages, each once.
names() { sed -n 's/^name = "\(.*\)"$/\1/p' "$@" | LC_ALL=C sort -u; }

# `not_looked_up LOCK...`: the names that the copy was not made for.
not_looked_up() { names "$@" | LC_ALL=C comm -23 - "$advisories/names"; }
