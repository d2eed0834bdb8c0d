#!/bin/sh
# One picture in, what is on it out: the picture with boxes, and a list.
set -eu
frame=$(basename "$INPUT_FILE_PATH")
cd /opt/darknet
./darknet detect cfg/yolov3.cfg yolov3.weights "$INPUT_FILE_PATH" -out "$TMP_OUTPUT_DIR/${frame%.*}-objects" \
  > "$TMP_OUTPUT_DIR/${frame%.*}.txt"
