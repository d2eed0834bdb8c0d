#!/usr/bin/env bash
# `bench/supervisor/enter.sh OSCAR COMMAND…`: runs COMMAND where everything is as on this machine, but /oscar is the folder
# OSCAR: upstream's supervisor and ours read their files there. Needs root or user namespaces; leaves an empty folder beside OSCAR.
set -euo pipefail

if [ "${1-}" != --inside ]; then
  own=()
  [ "$(id -u)" = 0 ] || own=(--user --map-root-user)
  exec unshare "${own[@]}" --mount "$0" --inside "$@"
fi
oscar=$(realpath "$2")
here=$PWD
shift 2

root=$(mktemp -d "$oscar.root-XXXXXX")
mount -t tmpfs none "$root"
for entry in /*; do
  name=${entry#/}
  if [ -L "$entry" ]; then
    cp -d "$entry" "$root/$name"
  elif [ -d "$entry" ] && [ "$name" != oscar ]; then
    mkdir "$root/$name"
    mount --rbind "$entry" "$root/$name"
  fi
done
mkdir "$root/oscar"
mount --rbind "$oscar" "$root/oscar"
exec chroot "$root" "$BASH" -c 'cd "$0" && exec "$@"' "$here" "$@"
