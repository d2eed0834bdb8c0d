#!/bin/sh
# One file in, its checksum out.
set -eu
md5sum <"$INPUT_FILE_PATH" | cut -d ' ' -f 1 >"$TMP_OUTPUT_DIR/$(basename "$INPUT_FILE_PATH").md5"
