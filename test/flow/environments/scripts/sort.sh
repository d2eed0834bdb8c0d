#!/bin/sh
set -eu
[ -s "$INPUT_FILE_PATH" ] || exit 0
name=$(basename "$INPUT_FILE_PATH")
for kind in grey thumb log; do
  { echo "$kind"; cat "$INPUT_FILE_PATH"; } >"$TMP_OUTPUT_DIR/$kind-$name"
done
