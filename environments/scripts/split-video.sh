#!/bin/sh
# One film in, one picture a second out: each is the next service's input.
set -eu
film=$(basename "$INPUT_FILE_PATH")
ffmpeg -loglevel error -i "$INPUT_FILE_PATH" -vf fps=1 "$TMP_OUTPUT_DIR/${film%.*}-%05d.jpg"
