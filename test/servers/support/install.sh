#!/usr/bin/env bash
# `test/servers/support/install.sh PROGRAM…`: builds programs that suites need by Go, once a machine and version, and
# prints the folder that holds them. Programs: minio, mc, versitygw, prometheus, kube-state-metrics.
set -euo pipefail
command -v go >/dev/null || { echo "install.sh: needs Go, which builds $*" >&2; exit 1; }
folder=${XDG_CACHE_HOME:-$HOME/.cache}/oscar-cdk8s-test/bin

install() {
  local program=$1 module=$2 version=$3 tags=${4:-}
  is_there "$program" "$version" || CGO_ENABLED=0 GOFLAGS=-trimpath GOBIN=$folder go install -tags "$tags" -ldflags "-s -w" "$module@$version"
}

# From a module of our own: `go install` asks for a list of all versions, which not every proxy has of every module.
build() {
  local program=$1 module=$2 version=$3
  is_there "$program" "$version" || (
    own=$(mktemp -d)
    trap 'rm -rf "$own"' EXIT
    cd "$own"
    go mod init own 2>/dev/null
    go mod edit -require "$module@$version"
    CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags "-s -w" -o "$folder/$program" "$module"
  )
}

is_there() {
  if [[ -x $folder/$1 && $(go version -m "$folder/$1") == *"$2"* ]]; then return; fi
  echo "building $1 $2 (minutes, once)" >&2
  return 1
}

for program in "$@"; do
  case $program in
    minio) install minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c ;;
    mc) install mc github.com/minio/mc v0.0.0-20250313080218-cf909e1063a9 ;;
    versitygw) install versitygw github.com/versity/versitygw/cmd/versitygw v1.8.0 ;;
    # Without what finds its targets in other clouds, which is most of it.
    prometheus) install prometheus github.com/prometheus/prometheus/cmd/prometheus v0.316.0 remove_all_sd,enable_kubernetes_sd ;;
    kube-state-metrics) build kube-state-metrics k8s.io/kube-state-metrics/v2 v2.18.0 ;;
    *) echo "install.sh: no program \"$program\"" >&2; exit 2 ;;
  esac
done
echo "$folder"
