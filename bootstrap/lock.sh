#!/usr/bin/env bash
# Make one exact, hashed lock per supported Python from requirements.in (maintainers only; needs `pip install uv`).
set -euo pipefail
cd "$(dirname "$0")"
for version in 3.11 3.12 3.13 3.14; do
  uv pip compile --quiet --python-version "$version" --python-platform x86_64-manylinux_2_28 \
    --generate-hashes --no-emit-index-url --no-header --no-annotate \
    requirements.in --output-file "locks/py$version.txt" "$@"
done
