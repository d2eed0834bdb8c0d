#!/bin/sh
# {"name": "…"} → Hello …
set -eu
name=$(sed -n 's/.*"name"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$INPUT_FILE_PATH")
echo "$GREETING $name"
