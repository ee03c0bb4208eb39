#!/usr/bin/env bash
# Compiles the library's packages with the oldest Rust that they promise to work with: `rust-version`
# in Cargo.toml. `scripts/msrv.sh --workspace` compiles everything, the lab included.
#
# Where that toolchain is not installed, the script says how to install it and fails; with
# `--if-installed` it says so and succeeds. The lints find most uses of newer functions without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/library.sh

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
packages=() missing=1
for argument in "$@"; do
  case $argument in
    --workspace) packages=(--workspace) ;;
    --if-installed) missing=0 ;;
    *) echo "$argument is not an option: write --workspace or --if-installed" >&2; exit 2 ;;
  esac
done
if [ "${#packages[@]}" -eq 0 ]; then
  for package in $(library_packages); do packages+=(-p "$package"); done
fi

if ! rustup run "$version" rustc --version >/dev/null 2>&1; then
  echo "not checked with Rust $version: rustup toolchain install $version --profile minimal" >&2
  exit "$missing"
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/msrv"
rustup run "$version" cargo check --quiet --all-features "${packages[@]}"
echo "compiles with $(rustup run "$version" rustc --version)"
