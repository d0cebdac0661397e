#!/usr/bin/env bash
# The playground: fairc as WebAssembly, and the page around it.
#
#   bash scripts/playground.sh          builds docs/playground, which the book holds as it is; index.html needs no server
#   bash scripts/playground.sh wasm     builds the WebAssembly alone, in crates/playground/web/built
#
# Needs Rust for wasm32-unknown-unknown: rustup's target, or Debian's packages rustc-web and its sources, which are unpacked below
# target/wasm (900 MB); wasm-bindgen of the version in Cargo.lock, which is built there where it is not on the path; and Node.js
# with npm.
set -euo pipefail
cd "$(dirname "$0")/.."

root="$PWD"
built="${CARGO_TARGET_DIR:-$root/target}"
tools="$built/wasm"
target=wasm32-unknown-unknown
web="$root/crates/playground/web"
mkdir -p "$tools"

# Debian's compiler, with a standard library that is built from its sources.
debian() {
    local packages=(rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22)
    if [ ! -x "$tools/root/usr/bin/rustc" ]; then
        command -v apt-get >/dev/null || { echo "no Rust for $target: run \`rustup target add $target\`" >&2; exit 1; }
        mkdir -p "$tools/debs" "$tools/root"
        (cd "$tools/debs" && apt-get download -q "${packages[@]}") || {
            echo "no Rust for $target: Debian's packages are not in this machine's lists; run \`apt-get update\` and try again" >&2
            exit 1
        }
        for package in "$tools"/debs/*.deb; do dpkg -x "$package" "$tools/root"; done
        rm -r "$tools/debs"
    fi
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$(find "$(rustc --print sysroot)" -name rust-lld -print -quit)"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER RUSTC="$tools/root/usr/bin/rustc" RUSTC_BOOTSTRAP=1
    export LD_LIBRARY_PATH="$tools/root/usr/lib/x86_64-linux-gnu"
    cargo "$@" -Z build-std=std,panic_abort
}

compile() {
    local build=(build --locked -p fairc-playground --profile browser --target "$target" --target-dir "$built/browser")
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        cargo "${build[@]}"
    else
        (debian "${build[@]}")
    fi
}

# Both halves of wasm-bindgen have to be of one version.
bind() {
    local version
    version="$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)"
    export PATH="$PATH:$tools/bin"
    if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
        local install=(install --no-default-features --root "$tools" --target-dir "$tools/target" wasm-bindgen-cli --version "$version")
        # A registry of one's own may lack a version that its lock file names.
        cargo "${install[@]}" --locked || cargo "${install[@]}"
        PATH="$tools/bin:$PATH"
    fi
    wasm-bindgen --target web --out-dir "$web/built" --out-name fairc "$built/browser/$target/browser/fairc_playground.wasm"
    packages
    "$web/node_modules/.bin/wasm-opt" -Oz --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int --enable-sign-ext \
        --enable-mutable-globals --enable-reference-types --enable-multivalue --enable-simd "$web/built/fairc_bg.wasm" -o "$web/built/fairc_bg.wasm"
}

packages() {
    [ -x "$web/node_modules/.bin/wasm-opt" ] || npm ci --prefix "$web" --no-audit --no-fund --ignore-scripts
}

page() {
    packages
    cd "$web"
    # The page brings it packed: as text in a script it would be a third larger, and packs badly then.
    gzip -9 -n -c built/fairc_bg.wasm >built/fairc_bg.wasm.gz
    node examples.mjs "$root" >built/examples.json
    mkdir -p "$root/docs/playground"
    node_modules/.bin/esbuild main.js --bundle --minify --format=iife --target=es2022 --loader:.gz=binary \
        --define:import.meta.url='""' --log-level=warning --outfile="$root/docs/playground/playground.js"
    cp index.html playground.css "$root/docs/playground"
    printf 'playground: %d bytes, %d packed with gzip\n' \
        "$(cat "$root"/docs/playground/* | wc -c)" "$(cat "$root"/docs/playground/* | gzip -9 | wc -c)"
}

case "${1:-page}" in
wasm)
    compile
    bind
    ;;
page)
    compile
    bind
    page
    ;;
*)
    echo "usage: bash scripts/playground.sh [wasm]" >&2
    exit 2
    ;;
esac
