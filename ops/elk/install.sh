#!/usr/bin/env bash
# Puts the index template, and all it needs, into Elasticsearch (8.7 or later) or OpenSearch (2.15 or later). May be run again.
#   ops/elk/install.sh elasticsearch https://elasticsearch:9200 [https://kibana:5601]
#   ops/elk/install.sh opensearch https://opensearch:9200
# Credentials come from a file for curl, so that no other user of the machine sees them: PHASELOCK_ELK_CURL_CONFIG=/path
set -euo pipefail
cd "$(dirname "$0")"

kind="${1:-}"
url="${2:-}"
kibana="${3:-}"
if [[ "$kind" != elasticsearch && "$kind" != opensearch || -z "$url" ]]; then
  sed -n '2,5s/^# \{0,1\}//p' install.sh >&2
  exit 64
fi

call() {
  curl --silent --show-error --fail-with-body --config "${PHASELOCK_ELK_CURL_CONFIG:-/dev/null}" "$@"
  echo
}
put() {
  call --request PUT --header 'Content-Type: application/json' --data-binary "@$2" "$url/$1"
}

put _ingest/pipeline/phaselock-logs elasticsearch/pipeline.json
put _component_template/phaselock-log-mappings elasticsearch/mappings.json
if [[ "$kind" == elasticsearch ]]; then
  put _ilm/policy/phaselock-logs elasticsearch/lifecycle.json
  put _component_template/phaselock-log-settings elasticsearch/settings.json
fi
put _index_template/phaselock-logs "$kind/index-template.json"
if [[ -n "$kibana" ]]; then
  call --header 'kbn-xsrf: true' --form file=@kibana/objects.ndjson "$kibana/api/saved_objects/_import?overwrite=true"
fi
