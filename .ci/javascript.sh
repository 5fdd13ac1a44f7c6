#!/usr/bin/env bash
# What the check of the pages' scripts needs: Node.js and the npm packages of .ci/javascript, from its lock. Run it again at will.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/javascript"

missing=()
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if ((${#missing[@]})); then
  if [[ $(id -u) -ne 0 ]]; then
    echo "Please install: ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  ${APT_UPDATED:-false} || apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! cmp -s package-lock.json node_modules/.ready; then
  npm ci --no-fund --no-audit --ignore-scripts --loglevel=error >/dev/null
  cp package-lock.json node_modules/.ready
fi
