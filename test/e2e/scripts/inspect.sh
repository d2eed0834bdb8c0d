#!/bin/sh
# What the supervisor consists of. It is the same at the end as in the beginning: two seconds later or, of a file that says
# `hold`, when there is /tmp/go. With /tmp/fail the try fails.
set -eu
cd /oscar/bin
files() {
  find . -type f -exec stat -c '%n %s %i %Y' {} +
}
before=$(files)
: >/tmp/begun
if [ "$(cat "$INPUT_FILE_PATH")" = hold ]; then
  until [ -e /tmp/go ]; do
    [ ! -e /tmp/fail ] || exit 1
    sleep 1
  done
else
  sleep 2
fi
after=$(files)
if [ "$before" != "$after" ]; then
  echo "the supervisor has changed from"
  echo "$before"
  echo "to"
  echo "$after"
  exit 1
fi
{
  md5sum ld.so lib/* supervisor.cjs supervisor.js
  wc -c node
} >"$TMP_OUTPUT_DIR/$(basename "$INPUT_FILE_PATH")"
