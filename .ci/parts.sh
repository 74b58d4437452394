# `parts.sh KIND NAME...`: runs scripts of one kind, `legs` or `longs`, one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1
shift
if [ $# -eq 0 ]; then
    printf 'usage: .ci/%s NAME...\n%ss: %s\n' "$kind" "$kind" "$(cd ".ci/${kind}s" && echo *)" >&2
    exit 2
fi
for name in "$@"; do
    if [ ! -f ".ci/${kind}s/$name" ]; then
        printf 'no %s is called %s; there are: %s\n' "$kind" "$name" "$(cd ".ci/${kind}s" && echo *)" >&2
        exit 2
    fi
done
for name in "$@"; do
    started=$SECONDS
    printf '\n==== %s %s\n' "$kind" "$name"
    bash ".ci/${kind}s/$name"
    printf '==== %s %s: %s s\n' "$kind" "$name" "$((SECONDS - started))"
done
