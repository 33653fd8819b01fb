#!/usr/bin/env bash
# Prometheus' own tool over deploy/observability: the alert rules, their tests, and every expression of the dashboard.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../deploy/observability"
command -v promtool >/dev/null || { echo "promtool is missing; it comes with Debian's package prometheus" >&2; exit 1; }
promtool check rules alerts.yaml
promtool test rules alerts_test.yaml
# An expression is a JSON string on a line of its own, and such a string is one of YAML too. Grafana fills in variables.
rules=$(mktemp --suffix=.yaml)
trap 'rm -f "$rules"' EXIT
{
  printf 'groups:\n  - name: dashboard\n    rules:\n'
  sed -n 's/^ *"expr": \(".*"\),\?$/\1/p' grafana/*.json | sed 's/\$__rate_interval/5m/g; s/\$job/imdi/g' |
    awk '{ printf "      - record: panel_%d\n        expr: %s\n", NR, $0 }'
} >"$rules"
[ "$(grep -c '"expr":' grafana/*.json)" = "$(grep -c 'record:' "$rules")" ] || { echo "some expressions were not read" >&2; exit 1; }
! grep -n '\$' "$rules" || { echo "a variable that this script does not know" >&2; exit 1; }
promtool check rules "$rules"
