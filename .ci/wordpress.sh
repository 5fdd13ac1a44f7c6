#!/usr/bin/env bash
# What the WordPress tests need: PHP and MariaDB's server program (no service is set up or started), and WordPress and a
# theme from Debian's own packages, unpacked under build/ so that no web server is configured. Run it again at will.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly tree=build/wordpress
readonly packages=(wordpress wordpress-theme-twentytwentythree)
readonly modules=(curl mbstring mysqli xml)

missing=()
command -v mariadbd >/dev/null || [[ -x /usr/sbin/mariadbd ]] || missing+=(mariadb-server-core)
if command -v php >/dev/null; then
  loaded=$(php -m)
else
  loaded=""
  missing+=(php-cli)
fi
for module in "${modules[@]}"; do
  grep -qix "$module" <<<"$loaded" || missing+=("php-${module/mysqli/mysql}")
done

if ((${#missing[@]})) || [[ ! -e $tree/.unpacked ]]; then
  if [[ $(id -u) -eq 0 ]]; then
    export DEBIAN_FRONTEND=noninteractive
    ${APT_UPDATED:-false} || apt-get update -qq
    ((${#missing[@]} == 0)) || apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
  elif ((${#missing[@]})); then
    echo "Please install: ${missing[*]}" >&2
    exit 1
  fi
fi

if [[ ! -e $tree/.unpacked ]]; then
  rm -rf "$tree"
  mkdir -p "$tree/packages"
  (cd "$tree/packages" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
  for package in "$tree"/packages/*.deb; do
    dpkg -x "$package" "$tree"
  done
  touch "$tree/.unpacked"
fi
