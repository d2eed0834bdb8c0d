#!/bin/sh
set -eu
case $INPUT_FILE_PATH in
  */bad*) echo "nothing can be made of it" >&2; exit 3 ;;
esac
cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"
