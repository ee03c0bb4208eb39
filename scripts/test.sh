#!/usr/bin/env bash
# The test command: installs what the tests need, then runs format, lints, documentation, what holds
# the library ready for publication, the run command, all tests and the models of the lock-free code
# (bounded; scripts/models.sh searches them completely). Ends with a line that counts the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$1"; }

# Debian's package that holds a command.
need() {
  local command=$1 package=$2
  command -v "$command" >/dev/null && return
  if ! command -v apt-get >/dev/null; then
    echo "$command is missing: install it (package \"$package\" of Debian and Ubuntu) so that it is on" >&2
    echo "the PATH; Prometheus and promtool: https://prometheus.io/download/, docker-compose:" >&2
    echo "https://docs.docker.com/compose/install/" >&2
    exit 1
  fi
  say "installing $package for $command"
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$package"
}

if ! command -v cargo >/dev/null; then
  echo "cargo is missing: install Rust from https://rustup.rs" >&2
  exit 1
fi
need promtool prometheus
need prometheus prometheus
need docker-compose docker-compose
need redis-server redis-server
need openssl openssl
need chromium chromium
need chromedriver chromium-driver
need curl curl
need npm npm
need python3 python3

say "format"
cargo fmt --all --check

say "lints"
cargo clippy --workspace --all-targets --all-features -- -D warnings
# It is started by scripts/stack.sh alone, so it is none of all targets.
cargo clippy --package end-to-end --test stack --all-features -- -D warnings

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps --quiet

say "each feature alone"
scripts/features.sh

say "ready for publication"
scripts/publishable.sh --offline
scripts/msrv.sh --if-installed
scripts/public-api.sh --if-installed

say "the run command"
cargo run --quiet -- --version

say "tests"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
cargo test --workspace --all-features --no-fail-fast 2>&1 | tee "$log" || status=$?

say "models"
LOOM_MAX_PREEMPTIONS=2 scripts/models.sh 2>&1 | tee -a "$log" || status=$?

awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     END { printf "\n%d passed, %d failed, %d skipped\n", passed, failed, ignored }' "$log"
exit "$status"
