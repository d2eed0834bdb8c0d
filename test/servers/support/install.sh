#!/usr/bin/env bash
# `test/servers/support/install.sh PROGRAM…`: builds programs that suites need by Go, once a machine and version, and
# prints the folder that holds them. Programs: minio, mc, versitygw, prometheus, kube-state-metrics.
set -euo pipefail
command -v go >/dev/null || { echo "install.sh: needs Go, which builds $*" >&2; exit 1; }
folder=${XDG_CACHE_HOME:-$HOME/.cache}/oscar-cdk8s-test/bin

install() {
  local program=$1 module=$2 version=$3 tags=${4:-}
  if [[ -x $folder/$program && $(go version -m "$folder/$program") == *"$version"* ]]; then return; fi
  echo "building $program $version (minutes, once)" >&2
  CGO_ENABLED=0 GOFLAGS=-trimpath GOBIN=$folder go install -tags "$tags" -ldflags "-s -w" "$module@$version"
}

for program in "$@"; do
  case $program in
    minio) install minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c ;;
    mc) install mc github.com/minio/mc v0.0.0-20250313080218-cf909e1063a9 ;;
    versitygw) install versitygw github.com/versity/versitygw/cmd/versitygw v1.8.0 ;;
    # Without what finds its targets in other clouds, which is most of it.
    prometheus) install prometheus github.com/prometheus/prometheus/cmd/prometheus v0.316.0 remove_all_sd,enable_kubernetes_sd ;;
    kube-state-metrics) install kube-state-metrics k8s.io/kube-state-metrics/v2 v2.18.0 ;;
    *) echo "install.sh: no program \"$program\"" >&2; exit 2 ;;
  esac
done
echo "$folder"
