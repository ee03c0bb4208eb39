#!/usr/bin/env bash
# Makes the example reports under docs/examples again. They are simulated: the same seed gives the same figures on any
# machine; only the lines on program, machine and date change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in flapping total-outage; do
  cargo run --quiet -- simulate "$name" --seed 1 --quiet --out "$folder/$name"
  mkdir -p "docs/examples/$name"
  cp "$folder/$name"/{report.html,report.md,timeline.svg} "docs/examples/$name/"
done
