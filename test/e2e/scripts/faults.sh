#!/bin/sh
# Does what the file's name says, and never ends well.
set -eu
echo "begun: $(basename "$INPUT_FILE_PATH")"
case $(basename "$INPUT_FILE_PATH") in
  fills-its-disk*)
    dd if=/dev/zero of="$TMP_OUTPUT_DIR/large" bs=1M count=64
    # Its node looks every ten seconds.
    sleep 300
    ;;
  uses-memory*) all=$(head -c 300000000 /dev/zero | tr '\0' x) ;;
  exits-with-3*)
    echo 'half a result' >"$TMP_OUTPUT_DIR/half"
    exit 3
    ;;
  never-ends*) sleep 86400 ;;
esac
