#!/bin/sh
# One picture in; out come the picture, and what is said of it: its size and its checksum.
set -eu
frame=$(basename "$INPUT_FILE_PATH")
cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/${frame%.*}-objects.jpg"
printf 'objects in %s bytes: %s\n' "$(wc -c <"$INPUT_FILE_PATH")" "$(md5sum <"$INPUT_FILE_PATH" | cut -d ' ' -f 1)" \
  >"$TMP_OUTPUT_DIR/${frame%.*}.txt"
