#!/bin/sh
# A picture of a plant in (base64 or as it is), the most likely species out, as JSON.
set -eu
picture="$INPUT_FILE_PATH.jpg"
cp "$INPUT_FILE_PATH" "$picture"
deepaas-cli --deepaas_method_output="$TMP_OUTPUT_DIR/species.json" predict --files "$picture"
