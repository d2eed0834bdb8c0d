#!/usr/bin/env bash
# `test/servers/support/install-oscar-python.sh`: upstream's client, as its users install it, once a machine and version;
# prints the Python that has it. Needs Python with its venv (Debian's package python3-venv), and the network.
set -euo pipefail
version=2.2.0
venv=${XDG_CACHE_HOME:-$HOME/.cache}/oscar-cdk8s-test/oscar-python-$version
if ! "$venv/bin/python" -c 'import oscar_python.client' 2>/dev/null; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "oscar-python==$version" >&2
fi
echo "$venv/bin/python"
