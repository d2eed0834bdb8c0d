#!/bin/sh
# Packs each file once and lets the platform send it to every archive: which output takes what is in the environment.
set -eu
name=$(basename "$INPUT_FILE_PATH")
gzip -9 -c "$INPUT_FILE_PATH" > "$TMP_OUTPUT_DIR/$name.gz"
sha256sum "$INPUT_FILE_PATH" | cut -d ' ' -f 1 > "$TMP_OUTPUT_DIR/$name.sha256"
