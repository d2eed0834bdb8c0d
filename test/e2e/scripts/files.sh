#!/bin/sh
# As many files out as the request says, and that much on stdout: {"files": 2}.
set -eu
count=$(sed -n 's/.*"files": *\([0-9]*\).*/\1/p' "$INPUT_FILE_PATH")
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  echo "content $i" >"$TMP_OUTPUT_DIR/file-$i.txt"
done
echo "$count files"
