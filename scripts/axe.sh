#!/usr/bin/env bash
# Fetches what the tests of the page look for hindrances with (axe-core, MPL-2.0) into FOLDER, and only there: the
# version and the hash are those of tests/page/axe/package-lock.json.
#   scripts/axe.sh FOLDER
set -euo pipefail
from="$(dirname "${BASH_SOURCE[0]}")/../tests/page/axe"
folder=${1:?"usage: scripts/axe.sh FOLDER"}
mkdir -p "$folder"
cp "$from/package.json" "$from/package-lock.json" "$folder"
cd "$folder"
npm ci --ignore-scripts --no-audit --no-fund --silent
