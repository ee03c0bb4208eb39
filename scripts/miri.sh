#!/usr/bin/env bash
# Runs the breaker's tests in Miri, which finds undefined behaviour and data races. Takes minutes.
# Left out are the tests that are too long for an interpreter (the model), that read files (the
# conformance scenarios), that count allocations, and that run one thread over pure decisions which
# the unit tests cover.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! cargo +nightly miri --version >/dev/null 2>&1; then
  echo "Miri is missing: rustup toolchain install nightly --component miri" >&2
  exit 1
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri"
cargo +nightly miri test -p fusebox --features serde --lib \
  --test permit --test liveness --test events --test operator --test recovery --test registry \
  --test registry_life --test registry_together --test saved --test config_errors "$@"
# These leak on purpose: a listener that holds its own breaker, a panic whose payload panics.
MIRIFLAGS="${MIRIFLAGS:-} -Zmiri-ignore-leaks" cargo +nightly miri test -p fusebox --test listeners "$@"
