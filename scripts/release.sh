#!/usr/bin/env bash
# A release, rehearsed: builds all that is published, installs each part into an empty environment, and tries it there. Nothing is published.
#
#   bash scripts/release.sh rehearse [FOLDER]        all of it; the parts go to FOLDER, or to target/release-rehearsal
#   bash scripts/release.sh rehearse FOLDER STEP..   some steps alone, with what earlier ones left there: command, crates, wheel, sdist,
#                                                    npm, extension, papers
#
# Works on what is committed, and refuses a tree with changes. Needs Linux, Rust, Python 3 with venv, a C compiler, Node.js 20 with npm, and a
# network for their registries; `scripts/playground.sh` says what WebAssembly needs. RELEASING.md is the list around this.
set -euo pipefail
cd "$(dirname "$0")/.."

root="$PWD"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
all=(command crates wheel sdist npm extension papers)

usage() {
    echo "usage: bash scripts/release.sh rehearse [FOLDER [STEP..]], where a step is one of: ${all[*]}" >&2
    exit 2
}

# What a step says to whom rehearses; all else goes to its log.
say() { printf '%s\n' "$*" >&3; }

die() {
    say "$*"
    exit 1
}

size() { awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.2f MB", bytes / 1e6 }'; }

# The one file of a kind among the parts.
part() {
    local found=("$parts"/$1)
    [ -f "${found[0]}" ] && [ "${#found[@]}" -eq 1 ] || die "there is not one file $1 in $parts: run the step that makes it"
    printf '%s' "${found[0]}"
}

pip_install() { "$1" -m pip install --quiet --disable-pip-version-check "${@:2}"; }

# A virtual environment, made once, with the tools that build the parts.
tools() {
    [ -x "$out/tools/bin/python" ] || python3 -m venv "$out/tools"
    "$out/tools/bin/python" -c 'import maturin, ziglang, cyclonedx.validation.json, jsonschema' 2>/dev/null ||
        pip_install "$out/tools/bin/python" 'maturin>=1.9,<2' ziglang 'cyclonedx-python-lib[json-validation]'
}

# The names of our crates that are published.
published() {
    cargo metadata --format-version 1 --locked --no-deps |
        python3 -c 'import json, sys; [print(one["name"]) for one in json.load(sys.stdin)["packages"] if one["publish"] is None]'
}

command_step() {
    rm -rf "$out/command"
    cargo install --locked --path . --root "$out/command"
    bash scripts/release/command.sh "$out/command/bin/fairc" "$version"
    rm -rf "$out/pages"
    bash scripts/release/pages.sh "$out/command/bin/fairc" "$out/pages"
    say "   $(size "$out/command/bin/fairc"), installed by cargo: projects, and prints completions and" \
        "$(find "$out/pages" -name '*.1' | wc -l) pages of its manual"
}

# Packed, then built from nothing but what is packed.
crates_step() {
    local name names licence packed=() unpacked="$empty/crates" patches=()
    names="$(published)"
    for name in $names; do packed+=(-p "$name"); done
    # Cargo would build each of them, and one needs libtorch.
    cargo package --locked --no-verify "${packed[@]}"
    mkdir -p "$unpacked"
    rm -f "$parts"/*.crate
    for name in $names; do
        cp "$CARGO_TARGET_DIR/package/$name-$version.crate" "$parts"
        tar -xzf "$parts/$name-$version.crate" -C "$unpacked"
        for licence in LICENSE-MIT LICENSE-APACHE; do
            [ -s "$unpacked/$name-$version/$licence" ] || die "the crate $name has no $licence"
        done
        [ "$(stat -c %s "$parts/$name-$version.crate")" -lt 10000000 ] || die "the crate $name is larger than its registry takes (10 MB)"
        patches+=(--config "patch.crates-io.$name.path='$unpacked/$name-$version'")
    done
    cargo build --release --manifest-path "$unpacked/fairc-$version/Cargo.toml" --bin fairc "${patches[@]}"
    bash scripts/release/command.sh "$CARGO_TARGET_DIR/release/fairc" "$version"
    say "   $(wc -w <<<"$names") crates, the largest $(size "$parts/fairc-$version.crate"); the command, built of them, projects"
}

# Installs a part in an empty environment of one Python, and tries it there.
try_python() {
    local name="$1" made said
    made="$empty/$(basename "$2")-$name"
    "$name" -m venv "$made"
    pip_install "$made/bin/python" "$2"
    said="$(cd "$empty" && "$made/bin/python" -I "$root/scripts/release/python.py" "$version")"
    say "   $said"
}

# Puts the manual and completions where maturin looks for what belongs below `share`; they go when all is done.
with_pages() {
    [ -d "$out/pages" ] || die "there is no manual to pack: run the step command first"
    rm -rf "$data"
    mkdir "$data"
    cp -r "$out/pages" "$data/data"
}

wheel_step() {
    local wheel name found=0 absent=()
    tools
    with_pages
    rm -f "$parts"/*.whl
    PATH="$out/tools/bin:$PATH"
    if ! maturin build --release --locked --zig --manifest-path python/Cargo.toml --out "$parts"; then
        say "   zig did not build it, as the log says: this wheel is for systems as new as this one, and not to be published"
        maturin build --release --locked --manifest-path python/Cargo.toml --out "$parts"
    fi
    wheel="$(part 'fairc-*.whl')"
    say "   $(basename "$wheel"), $(size "$wheel")"
    for name in python3.10 python3.11 python3.12 python3.13; do
        # There may be a name on the path without a Python behind it.
        if "$name" -V >/dev/null 2>&1; then
            try_python "$name" "$wheel"
            found=$((found + 1))
        else
            absent+=("$name")
        fi
    done
    [ "$found" -gt 0 ] || die "no Python from 3.10 to 3.13 is on the path"
    [ "${#absent[@]}" -eq 0 ] || say "   not tried, since they are not on the path: ${absent[*]}"
}

sdist_step() {
    local sdist
    tools
    with_pages
    rm -f "$parts"/fairc-*.tar.gz
    "$out/tools/bin/maturin" sdist --manifest-path python/Cargo.toml --out "$parts"
    sdist="$(part 'fairc-*.tar.gz')"
    say "   $(basename "$sdist"), $(size "$sdist"), built by pip"
    try_python python3 "$sdist"
}

npm_step() {
    local package staged="$empty/npm" installed="$empty/node" name said
    [ -x "$out/command/bin/fairc" ] || die "there is no command to compare with: run the step command first"
    bash scripts/playground.sh
    mkdir -p "$staged" "$installed"
    cp crates/playground/npm/* LICENSE-MIT LICENSE-APACHE "$staged"
    for name in fairc.js fairc.d.ts fairc_bg.wasm fairc_bg.wasm.d.ts; do cp "crates/playground/web/built/$name" "$staged"; done
    rm -f "$parts"/fairc-wasm-*.tgz
    (cd "$staged" && npm pack --pack-destination "$parts")
    package="$(part 'fairc-wasm-*.tgz')"
    (cd "$installed" && npm install --no-audit --no-fund --prefix . "$package")
    cp scripts/release/node.mjs "$installed"
    said="$(cd "$installed" && node node.mjs "$version" "$root/scripts/release")"
    say "   $(basename "$package"), $(size "$package")"
    say "   $said"
    bash tests/playground/run.sh "$out/command/bin/fairc" | sed 's/^/   /' >&3
}

extension_step() {
    local extension staged="$empty/extension"
    rm -f "$parts"/*.vsix
    cp -r editors/vscode "$staged"
    cp LICENSE-MIT LICENSE-APACHE "$staged"
    (cd "$staged" && npm install --no-audit --no-fund && npm run package -- --out "$parts/fairc-$version.vsix")
    extension="$(part 'fairc-*.vsix')"
    python3 scripts/release/extension.py "$extension" "$version"
    say "   $(basename "$extension"), $(size "$extension"): has its client, its grammar and the version"
}

papers_step() {
    tools
    "$out/tools/bin/python" scripts/sbom.py "$parts/fairc-$version.cdx.json"
    rm -f "$parts/SHA256SUMS"
    for file in "$parts"/*; do
        case "$(basename "$file")" in *"$version"*) ;; *) die "$(basename "$file") does not say version $version" ;; esac
    done
    (cd "$parts" && sha256sum -- * >"$out/SHA256SUMS" && mv "$out/SHA256SUMS" . && sha256sum --check --quiet SHA256SUMS)
    say "   all say version $version; SHA256SUMS has $(wc -l <"$parts/SHA256SUMS") files, among them the bill of materials"
}

run_step() {
    local name="$1" log="$out/logs/$1.log" began=$SECONDS code=0
    say "== $name"
    # In a shell of its own, where the first command that fails ends it.
    set +e
    (
        set -e
        "${name}_step"
    ) >"$log" 2>&1
    code=$?
    set -e
    if [ "$code" -ne 0 ]; then
        tail -n 30 "$log" | sed 's/^/    /' >&3
        say "step $name failed after $((SECONDS - began)) s; $log has all that it said"
        exit 1
    fi
    say "   $((SECONDS - began)) s"
}

[ "${1:-}" = rehearse ] || usage
out="${2:-target/release-rehearsal}"
steps=("${@:3}")
[ "${#steps[@]}" -gt 0 ] || steps=("${all[@]}")
for name in "${steps[@]}"; do declare -F "${name}_step" >/dev/null || usage; done
mkdir -p "$out/logs" "$out/parts"
out="$(cd "$out" && pwd)"
parts="$out/parts"
empty="$(mktemp -d)"
data="$root/python/fairc._fairc.data"
trap 'rm -rf "$empty" "$data"' EXIT
exec 3>&1

[ -z "$(git status --porcelain)" ] || die "the tree has changes that are not committed: commit them, or clone it and rehearse there"
version="$(cargo pkgid -p fairc | sed 's/.*[#@]//')"
say "rehearsing fairc $version, commit $(git rev-parse --short HEAD), in $out"
for name in "${steps[@]}"; do run_step "$name"; done
say "rehearsed in $SECONDS s: $parts has what would be published; nothing was"
