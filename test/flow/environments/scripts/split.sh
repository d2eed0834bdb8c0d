#!/bin/sh
# A result for each line.
set -eu
name=$(basename "$INPUT_FILE_PATH")
number=0
while read -r line; do
  number=$((number + 1))
  echo "$line" >"$TMP_OUTPUT_DIR/$name-$number.part"
done <"$INPUT_FILE_PATH"
