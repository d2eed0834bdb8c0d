#!/bin/sh
# The name of the file and its digest, as the result.
set -eu
name=$(basename "$INPUT_FILE_PATH")
digest=$(sha256sum <"$INPUT_FILE_PATH")
echo "$name ${digest%% *}" >"$TMP_OUTPUT_DIR/$name.digest"
