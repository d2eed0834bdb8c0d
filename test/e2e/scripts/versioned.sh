#!/bin/sh
# What stands in a file of the image: at once or, when `hold` was sent, once there is /tmp/go.
set -eu
if [ "$(cat "$INPUT_FILE_PATH")" = hold ]; then
  : >/tmp/begun
  until [ -e /tmp/go ]; do sleep 1; done
fi
cat /content >"$TMP_OUTPUT_DIR/$(basename "$INPUT_FILE_PATH")"
