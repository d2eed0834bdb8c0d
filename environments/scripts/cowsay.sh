#!/bin/sh
# JSON in, text out: {"message": "moo"} becomes a cow that says so. What is printed is the answer.
set -eu
message=$(sed -n 's/.*"message"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$INPUT_FILE_PATH" | head -n 1)
cowsay "${message:-$(cat "$INPUT_FILE_PATH")}"
