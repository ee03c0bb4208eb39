#!/usr/bin/env bash
# Packs the library's packages as for crates.io, compiles what was packed, and uploads nothing. With
# `--offline` nothing is compiled and no registry is asked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/library.sh

offline=0
for argument in "$@"; do
  case $argument in
    --offline) offline=1 ;;
    *) echo "$argument is not an option: write --offline" >&2; exit 2 ;;
  esac
done

packages=()
for package in $(library_packages); do
  packages+=(-p "$package")
  files=$(cargo package --quiet --list --allow-dirty --offline -p "$package")
  for file in README.md LICENSE-MIT LICENSE-APACHE; do
    if ! grep -qx "$file" <<<"$files"; then
      echo "$package is packed without $file: write it, or link the workspace's into crates/$package" >&2
      exit 1
    fi
  done
done
# Together, so that a package finds those which it depends on and which are not on crates.io yet.
# A dirty tree is what somebody checks before a commit.
if [ "$offline" -eq 1 ]; then
  cargo package --quiet --no-verify --offline --allow-dirty "${packages[@]}"
else
  cargo publish --dry-run --allow-dirty "${packages[@]}"
fi
