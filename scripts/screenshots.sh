#!/usr/bin/env bash
# Draws the pictures of the live page: at three widths, in both themes, and the table. They go to target/screenshots;
# with --docs the two of the README are renewed in docs/, too.
#   scripts/screenshots.sh [--docs]
# Needs chromium and chromedriver (Debian: chromium-driver). Takes a minute: a run has to happen first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${CARGO_TARGET_DIR:-target}/screenshots
mkdir -p "$folder"
folder=$(realpath "$folder")
SCREENSHOTS=$folder cargo test --quiet -p end-to-end --test page -- --ignored --exact \
  pictures::the_page_at_three_widths_in_both_themes
if [ "${1:-}" = --docs ]; then
  cp "$folder/page-1280-light.png" docs/page-light.png
  cp "$folder/page-1280-dark.png" docs/page-dark.png
fi
ls -l "$folder"
