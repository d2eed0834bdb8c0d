#!/bin/sh
# Each line of the film is a picture, and the next service's input.
set -eu
film=$(basename "$INPUT_FILE_PATH")
number=0
while IFS= read -r line; do
  number=$((number + 1))
  printf '%s\n' "$line" >"$TMP_OUTPUT_DIR/${film%.*}-$(printf %05d "$number").jpg"
done <"$INPUT_FILE_PATH"
