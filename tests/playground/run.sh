#!/usr/bin/env bash
# The playground: what its WebAssembly says, against the command line; and the page in Chromium.
#
#   bash tests/playground/run.sh target/release/fairc
#
# Needs what `scripts/playground.sh` builds, and Node.js; the page also Chromium (`chromium` on the path, or what CHROMIUM names).
# Without them this says so and is not run.
set -euo pipefail
cd "$(dirname "$0")/../.."

web=crates/playground/web
if ! command -v node >/dev/null; then
    echo "not run: no node on the path"
elif [ ! -f "$web/built/fairc_bg.wasm" ]; then
    echo "not run: no WebAssembly; scripts/playground.sh builds it"
else
    node tests/playground/native.mjs "$1"
    chromium="${CHROMIUM:-$(command -v chromium || true)}"
    if [ -z "$chromium" ]; then
        echo "not run: no chromium on the path"
    elif [ ! -f docs/playground/playground.js ] || [ ! -d "$web/node_modules/playwright-core" ]; then
        echo "not run: no page; scripts/playground.sh builds it"
    else
        node tests/playground/page.mjs "$chromium" "${FAIRC_SCREENSHOTS:-}"
    fi
fi
