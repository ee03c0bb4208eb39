#!/usr/bin/env bash
# Checks that each feature of the library's packages compiles alone, that none is needed, and that all
# compile together; warnings are errors. The features are those that each manifest lists.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/library.sh

# A directory of its own: these flags would rebuild everything else.
export RUSTFLAGS="-D warnings" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/features"

# Names under [features], without the default set.
features() {
  awk '/^\[/ { in_features = $0 == "[features]" }
       in_features && /^[A-Za-z0-9_-]+ *=/ && $1 != "default" { print $1 }' "$1"
}

checked=0
check() {
  cargo check --quiet "$@" || { echo "fails: cargo check $*" >&2; exit 1; }
  checked=$((checked + 1))
}

for package in $(library_packages); do
  check -p "$package"
  check -p "$package" --no-default-features
  check -p "$package" --all-features
  for feature in $(features "crates/$package/Cargo.toml"); do
    check -p "$package" --no-default-features --features "$feature"
  done
done
echo "$checked sets of features compile"
