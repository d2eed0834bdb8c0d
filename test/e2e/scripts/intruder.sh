#!/bin/bash
# Runs the file that it is given.
exec bash "$INPUT_FILE_PATH"
