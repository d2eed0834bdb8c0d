#!/usr/bin/env bash
# `test/servers/support/install-packages.sh PACKAGE…`: what suites need of Debian's packages. Nothing is done where a machine has what
# they bring, of whatever origin; else it takes root and apt, one suite after the other.
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

look() {
  missing=()
  local package
  for package in "$@"; do is_there "$package" || missing+=("$package"); done
}

look "$@"
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "$0: ${missing[*]} missing. Fix: install it, or run this on Debian as root" >&2
  exit 1
fi
exec 9>/tmp/oscar-test-packages.lock
flock 9
look "$@" # another suite may have been first
[ ${#missing[@]} -gt 0 ] || exit 0
export DEBIAN_FRONTEND=noninteractive
for _ in $(seq 60); do
  # Others than suites use apt, too, whose lists have no lock that is waited for.
  if apt-get update -q >&2 9>&-; then break; fi
  sleep 5
done
apt-get install -o DPkg::Lock::Timeout=600 -q -y --no-install-recommends "${missing[@]}" >&2 9>&-
