#!/bin/sh
# Of a call "ID MEBIBYTES SECONDS": works on so much, sleeps so long, and leaves a file that tells of this run alone.
set -eu
read -r id mebibytes seconds <"$INPUT_FILE_PATH"
dd if=/dev/zero bs=1M count="$mebibytes" 2>/dev/null | md5sum >/dev/null
sleep "$seconds"
mkdir "$TMP_OUTPUT_DIR/$id"
echo "answer $id" >"$TMP_OUTPUT_DIR/$id/$(basename "$INPUT_FILE_PATH")"
