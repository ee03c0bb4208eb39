#!/usr/bin/env bash
# Searches the models of the breaker's lock-free code for an interleaving that breaks a promise.
# Completely, which takes some minutes, unless LOOM_MAX_PREEMPTIONS bounds how often threads
# interrupt each other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A directory of its own: these flags would rebuild everything else.
export RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
cargo test -p fusebox --release --test loom
