#!/usr/bin/env bash
# Compares the public API of the library's packages with the file public-api.txt in each package, so
# that nobody changes it without seeing that.
#
#   scripts/public-api.sh            compare
#   scripts/public-api.sh --renew    write the files; commit them with the change
#
# Needs cargo-public-api and a nightly toolchain, for rustdoc's JSON. Where they are not installed, the
# script says how to install them and fails; with `--if-installed` it says so and succeeds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/library.sh

renew=0 missing=1
for argument in "$@"; do
  case $argument in
    --renew) renew=1 ;;
    --if-installed) missing=0 ;;
    *) echo "$argument is not an option: write --renew or --if-installed" >&2; exit 2 ;;
  esac
done

# Both are pinned: rustdoc's JSON, and what the tool writes, change with their versions.
toolchain=nightly-2026-05-20 tool=0.52.0
# A nightly is named after the day after its last commit.
is_pinned() {
  rustc "+$1" --version 2>/dev/null | grep -q "2026-05-19"
}
if ! is_pinned "$toolchain" && is_pinned nightly; then
  toolchain=nightly
fi
if [ "$(cargo public-api --version 2>/dev/null)" != "cargo-public-api $tool" ] || ! is_pinned "$toolchain"; then
  echo "public API not compared: rustup toolchain install $toolchain --profile minimal &&" \
    "cargo install --locked cargo-public-api@$tool" >&2
  exit "$missing"
fi

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/public-api"
status=0
new=$(mktemp)
trap 'rm -f "$new"' EXIT
for package in $(library_packages); do
  file=crates/$package/public-api.txt
  # Without implementations that the compiler derives or gives to every type.
  cargo "+$toolchain" public-api --package "$package" --all-features --color never -sss >"$new" 2>/dev/null || {
    cargo "+$toolchain" public-api --package "$package" --all-features -sss >/dev/null || true
    exit 1
  }
  if [ "$renew" -eq 1 ]; then
    cp "$new" "$file"
  elif ! diff -u "$file" "$new"; then
    echo "the public API of $package is not what $file says; if that is meant:" \
      "scripts/public-api.sh --renew" >&2
    status=1
  fi
done
exit "$status"
