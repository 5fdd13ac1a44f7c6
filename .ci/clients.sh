#!/usr/bin/env bash
# What the tests with real clients need: Node.js, Ruby, Go, the npm packages of tests/clients/node, and an environment for each set of
# Python clients (two of them are imported under the same name); and the programs around the service whose configuration we ship. All of it goes under build/. Run it again at will.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly tree=build/clients
readonly python=${PYTHON:-python3}

missing=()
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v ruby >/dev/null || missing+=(ruby)
command -v go >/dev/null || missing+=(golang-go)
command -v systemd-analyze >/dev/null || missing+=(systemd)
if ((${#missing[@]})); then
  if [[ $(id -u) -ne 0 ]]; then
    echo "Please install: ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  ${APT_UPDATED:-false} || apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# Single programs that need nothing else: of Prometheus only promtool, since the server is not run here; the proxies are.
for program in prometheus/usr/bin/promtool nginx/usr/sbin/nginx caddy/usr/bin/caddy; do
  package=${program%%/*}
  [[ -x $tree/$program ]] && continue
  mkdir -p "$tree/$package"
  (cd "$tree/$package" && apt-get download -qq "$package" 2>/dev/null && dpkg-deb -x "$package"_*.deb . && rm "$package"_*.deb)
done

# A Ruby client that is no gem of an index that we use.
if [[ ! -e $tree/ruby-akismet/.ready ]]; then
  mkdir -p $tree/ruby-akismet
  (cd $tree/ruby-akismet && apt-get download -qq ruby-akismet 2>/dev/null && dpkg-deb -x ruby-akismet_*.deb . && rm ruby-akismet_*.deb && touch .ready)
fi

# Whether what is under build/ was made from the file as it is now.
made_from() {
  [[ -e $2/.ready ]] && cmp -s "$1" "$2/.ready"
}

if ! made_from tests/clients/node/package-lock.json $tree/node; then
  rm -rf $tree/node
  mkdir -p $tree/node
  cp tests/clients/node/package.json tests/clients/node/package-lock.json $tree/node
  npm ci --prefix $tree/node --no-fund --no-audit --ignore-scripts --loglevel=error >/dev/null
  cp tests/clients/node/package-lock.json $tree/node/.ready
fi

for name in clients python-akismet; do
  lock=tests/clients/python/$name.lock
  made_from $lock $tree/$name && continue
  rm -rf "${tree:?}/$name"
  "$python" -m venv $tree/$name
  $tree/$name/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r $lock
  cp $lock $tree/$name/.ready
done
