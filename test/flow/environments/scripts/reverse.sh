#!/bin/sh
# Bytes in reverse, as a file of the answer.
set -eu
od -An -v -tx1 -w1 "$INPUT_FILE_PATH" | tac | sed 's/^ *//' | while read -r byte; do
  printf "\\$(printf '%03o' "0x$byte")"
done >"$TMP_OUTPUT_DIR/reversed.bin"
