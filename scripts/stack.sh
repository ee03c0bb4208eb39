#!/usr/bin/env bash
# The stack around the lab, run for real: brings Jaeger 2 and Prometheus 3 to a machine that has Go, starts
# them with the flags and files of docker-compose.linux.yml beside a lab with a seed, and asks them
# everything that the dashboards, the rules and docs/traces.md ask.
#
#   scripts/stack.sh            builds what is missing (15 minutes on two cores the first time), then runs
#   scripts/stack.sh --build    builds only
#   scripts/stack.sh --compose  runs only the containers of the compose files, from images made here
#
# Where a Docker daemon answers, the containers are run as well, after the programs. Everything that is
# started is ended; the programs stay in target/stack/. Ends with a count of assertions; with status 3 where
# this machine cannot build the programs: Go is missing or too old, or its modules cannot be fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:-all}
case $mode in
  all | --build | --compose) ;;
  *)
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

say() { printf '\n== %s\n' "$1"; }

PATH=$PATH:/usr/local/go/bin
if ! command -v go >/dev/null; then
  echo "go is missing: Jaeger and Prometheus are built with Go 1.26.7 or newer, https://go.dev/dl/" >&2
  exit 3
fi
if ! command -v docker-compose >/dev/null; then
  echo "docker-compose is missing (package \"docker-compose\" of Debian and Ubuntu): it reads the compose files" >&2
  exit 1
fi

programs=$PWD/target/stack
mkdir -p "$programs"

# Two runs would build the same files and want the same ports.
exec 9>"$programs/lock"
if ! flock --nonblock 9; then
  echo "scripts/stack.sh runs already in this folder: wait for its end" >&2
  exit 1
fi

# What go says when this machine is at fault, not what stands in go.mod and go.sum.
machine='dial tcp|proxyconnect|i/o timeout|no such host|unreachable|connection re(fused|set)|TLS handshake'
machine+='|GOPROXY=off|40[37] |50[0-9] |requires go >=|toolchain not available|invalid go version|unknown directive'

# Fetches what the tools of the module in this folder are built from.
fetch() {
  local module=$1 said
  # With the standard error alone in `said`.
  said=$(go list -mod=readonly -deps tool 2>&1 >/dev/null) && return
  echo "$said" >&2
  if grep -qE "$machine" <<<"$said"; then
    echo "the Go modules of $module cannot be fetched here: Go 1.26.7 or newer is needed, and a proxy that" >&2
    echo "answers; GOPROXY is $(go env GOPROXY)" >&2
    exit 3
  fi
  exit 1
}

# Builds the tools of one module, unless they are there, built from the same checksums.
build() {
  local module=$1 stamp
  shift
  stamp=$(go version && cat "scripts/stack/$module/go.mod" "scripts/stack/$module/go.sum")
  stamp=$(sha256sum <<<"$stamp")
  if [ "$(cat "$programs/$module.built" 2>/dev/null)" = "$stamp" ]; then
    local program missing=0
    for program; do [ -x "$programs/$program" ] || missing=1; done
    [ "$missing" -eq 1 ] || return 0
  fi
  say "building $module, which takes minutes the first time"
  rm -f "$programs/$module.built"
  # Static, as in their own images.
  (
    cd "scripts/stack/$module"
    fetch "$module"
    CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -o "$programs/" tool
  )
  echo "$stamp" >"$programs/$module.built"
}

build jaeger jaeger
build prometheus prometheus promtool
[ "$mode" != --build ] || exit 0

say "the rules, by promtool of Prometheus 3"
"$programs/promtool" check config prometheus.yml
"$programs/promtool" test rules prometheus/rules.test.yml

# Before anything runs: the run has a limit of time, in which the lab would be compiled without a word.
say "building the lab and its checks, which takes minutes the first time"
cargo build --quiet --package lab --bin breaker-lab --features otlp-grpc
cargo test --quiet --no-run --package end-to-end --test stack

run() { STACK_PROGRAMS=$programs cargo test --quiet --package end-to-end --test stack 9>&-; }

status=0
if [ "$mode" = all ]; then
  say "Jaeger and Prometheus as programs"
  run || status=$?
fi

if [ "$mode" = --compose ] || docker version >/dev/null 2>&1; then
  say "Jaeger and Prometheus as containers of the compose files"
  containers=0
  programs=$programs scripts/stack/containers.sh 9>&- || containers=$?
  if [ "$mode" = all ] && [ "$containers" -eq 3 ]; then
    echo "the containers were not run"
  elif [ "$containers" -ne 0 ]; then
    status=$containers
  fi
else
  say "no Docker daemon answers: the containers were not run"
fi
exit "$status"
