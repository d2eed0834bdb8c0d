#!/bin/sh
# A data set in, a trained model out, on a GPU. The token for the model registry comes from a Secret.
set -eu
python3 /opt/trainer/train.py --data "$INPUT_FILE_PATH" --epochs "$EPOCHS" --output "$TMP_OUTPUT_DIR/model.safetensors"
