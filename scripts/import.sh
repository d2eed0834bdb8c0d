#!/bin/sh
# Regenerates imports/: typed API objects of the custom resources that cdk8s-plus lacks.
# usage: scripts/import.sh DIRECTORY   (holds the CustomResourceDefinitions, one file each: <plural>.<group>.yaml)
set -eu

crds=${1:?usage: scripts/import.sh DIRECTORY}
cd "$(dirname "$0")/.."
case $crds in /*) ;; *) crds=$OLDPWD/$crds ;; esac

all=$(mktemp --suffix=.yaml)
trap 'rm -f "$all"' EXIT

# One file for all: the generator writes a module for each API group, and a second run would overwrite the first's.
for name in httproutes.gateway.networking.k8s.io servicemonitors.monitoring.coreos.com prometheusrules.monitoring.coreos.com; do
  echo '---'
  cat "$crds/$name.yaml"
done >"$all"

npx cdk8s import "$all" --language typescript --output imports --no-save
