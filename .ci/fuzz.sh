# `fuzz_all OPTION...`: each fuzzer with these options of libFuzzer's, one after the other. What one of them
# found before is its corpus if CORPUS names a folder for that.
# Without a sanitizer the stable compiler does; there is no unsafe code that would need one.
fuzz_all() {
    local fuzz="$PWD/target/fuzz" parser
    mkdir -p "$fuzz"
    for parser in $(cargo fuzz list); do
        local corpus=()
        [ -z "${CORPUS-}" ] || { corpus=("$CORPUS/$parser"); mkdir -p "${corpus[@]}"; }
        cargo fuzz run --sanitizer none --target-dir "$fuzz" "$parser" "${corpus[@]}" -- \
            -artifact_prefix="$fuzz/$parser-" "$@" >"$fuzz/$parser.log" 2>&1 ||
            { tail -n 40 "$fuzz/$parser.log"; exit 1; }
        printf '%-16s %s\n' "$parser" "$(tail -n 1 "$fuzz/$parser.log")"
    done
}
