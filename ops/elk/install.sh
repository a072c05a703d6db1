#!/usr/bin/env bash
# Installs the index template and its parts in Elasticsearch (8.7 or later) or OpenSearch (2.15 or later). Repeatable.
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

# A template applies only to new indices. Existing streams roll over to a new index; otherwise they would refuse lines
# with a field of the new release.
streams="$(call "$url/_data_stream/logs-phaselock.*-*?filter_path=data_streams.name")"
for stream in $(grep -o '"logs-phaselock[^"]*"' <<<"$streams" | tr -d '"'); do
  call --request POST "$url/$stream/_rollover"
done

if [[ "$kind" == opensearch ]]; then
  policy=_plugins/_ism/policies/phaselock-logs
  plugins="$(call "$url/_cat/plugins?h=component")"
  if grep -q '^opensearch-index-management' <<<"$plugins"; then
    # An existing policy can be replaced only with the sequence number of its last version.
    number="$(call "$url/$policy" | sed -n 's/.*"_seq_no":\([0-9]*\),"_primary_term":\([0-9]*\).*/?if_seq_no=\1\&if_primary_term=\2/p' || true)"
    put "$policy$number" opensearch/state-policy.json
    # Adds the policy to indices that are older than the policy.
    call --request POST --header 'Content-Type: application/json' --data '{"policy_id":"phaselock-logs"}' \
      "$url/_plugins/_ism/add/logs-phaselock.*-*"
  else
    echo 'This OpenSearch has no Index State Management: delete old indices in another way.' >&2
  fi
fi
if [[ -n "$kibana" ]]; then
  call --header 'kbn-xsrf: true' --form file=@kibana/objects.ndjson "$kibana/api/saved_objects/_import?overwrite=true"
fi
