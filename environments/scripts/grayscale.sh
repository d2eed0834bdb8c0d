#!/bin/sh
# Every picture that arrives, in grey, with a thumbnail beside it. Notes go to a log that stays here.
set -eu
name=$(basename "$INPUT_FILE_PATH")
convert "$INPUT_FILE_PATH" -colorspace Gray "$TMP_OUTPUT_DIR/grey-${name%.*}.png"
convert "$INPUT_FILE_PATH" -thumbnail 256x256 "$TMP_OUTPUT_DIR/thumb-${name%.*}.jpg"
identify "$INPUT_FILE_PATH" > "$TMP_OUTPUT_DIR/${name%.*}.log"
