#!/bin/sh
# One file in, another checksum of it out than `checksum.sh` says.
set -eu
sha1sum <"$INPUT_FILE_PATH" | cut -d ' ' -f 1 >"$TMP_OUTPUT_DIR/$(basename "$INPUT_FILE_PATH").sha1"
