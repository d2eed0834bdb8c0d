#!/usr/bin/env bash
# `test/servers/support/install-packages.sh PACKAGE…`: what suites need of Debian's packages. Nothing is done where a machine has what
# they bring, of whatever origin; else it takes root and apt.
set -euo pipefail
PATH=$PATH:/usr/sbin

is_there() {
  case $1 in
    apache2-bin) command -v apache2 ;; # without the package apache2, which would start one
    iproute2) command -v ip ;;
    python3-venv) python3 -c 'import ensurepip' ;;
    fonts-dejavu-core) ls /usr/share/fonts/*/* ;; # Chromium has no font of its own
    *) command -v "$1" || [ "$(dpkg-query -W -f '${db:Status-Status}' "$1")" = installed ] ;;
  esac >/dev/null 2>&1
}

# Suites may run beside one another.
exec 9>"${TMPDIR:-/tmp}/oscar-cdk8s-packages.lock"
flock 9
missing=()
for package in "$@"; do is_there "$package" || missing+=("$package"); done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "$0: ${missing[*]} missing. Fix: install it, or run this on Debian as root" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -o DPkg::Lock::Timeout=600 -q -y --no-install-recommends "${missing[@]}"
