#!/usr/bin/env bash
# What packages hold beside the command: its manual, and completions for shells, where each program looks for them below `share`.
#
#   bash scripts/release/pages.sh FAIRC FOLDER
set -euo pipefail

fairc="$1" share="$2/share"
mkdir -p "$share"/man/man1 "$share"/bash-completion/completions "$share"/zsh/site-functions "$share"/fish/vendor_completions.d
"$fairc" completions bash >"$share/bash-completion/completions/fairc"
"$fairc" completions zsh >"$share/zsh/site-functions/_fairc"
"$fairc" completions fish >"$share/fish/vendor_completions.d/fairc.fish"
"$fairc" man >"$share/man/man1/fairc.1"
# The page of fairc refers to the pages of its commands.
sed -n 's/^fairc\\-\([a-z]*\)(1)$/\1/p' "$share/man/man1/fairc.1" | while read -r command; do
    "$fairc" man "$command" >"$share/man/man1/fairc-$command.1"
done
