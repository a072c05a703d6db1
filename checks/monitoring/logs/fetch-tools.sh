#!/usr/bin/env bash
# Fetches the programs for the log tests into the cache of the user: OpenSearch as jars, and rsyslog with its module for
# Elasticsearch. Neither is installed, so that no daemon starts. Does nothing if they are already there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/phaselock"

opensearch="$cache/opensearch-2.19.1"
if [ ! -e "$opensearch/fetched" ]; then
  mkdir -p "$opensearch"
  mvn --quiet --batch-mode --file "$here/opensearch/pom.xml" dependency:copy-dependencies -DoutputDirectory="$opensearch"
  touch "$opensearch/fetched"
fi

rsyslog="$cache/rsyslog"
if [ ! -e "$rsyslog/fetched" ]; then
  mkdir -p "$rsyslog"
  packages="$(mktemp -d)"
  # apt downloads as another user, which must be able to enter the folder.
  chmod 755 "$packages"
  (
    cd "$packages"
    apt-get download -qq rsyslog rsyslog-elasticsearch libestr0 libfastjson4 liblognorm5
    for package in *.deb; do dpkg-deb --extract "$package" "$rsyslog"; done
  )
  rm -r "$packages"
  touch "$rsyslog/fetched"
fi
