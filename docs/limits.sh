#!/bin/sh
# Prints docs/limits.md, made out of services/base/limits.h: docs/limits.sh > docs/limits.md
# A test compares the two.
set -eu
cd "$(dirname "$0")/.."
header=services/base/limits.h

cat <<'TOP'
# Limits

Made by `docs/limits.sh` out of `services/base/limits.h`; do not edit. Every bound has a name, and meeting it has a
defined answer:

| answer | means |
|---|---|
TOP
# The legend of the header: "//   word    what it means".
sed -n 's,^//   \([a-z]*\)  *\(.*\)$,| \1 | \2 |,p' "$header"
cat <<'TOP'

"Planned" marks a bound that has a name already and that no code reads yet. Relations between bounds are asserted at
compile time, at the end of the header. Bounds of the storage interfaces stand in `storage/*.h`, those of the YAML
reader in `services/config/yaml_message.h`.

The connections of a listener have no bound of their own: gRPC 1.51 offers none, and tells nobody when one opens or
closes. The descriptors of the process bound them (`kFileDescriptorsWanted`); those that say nothing, are idle, or old are
closed (`kHandshakeTimeoutMs`, `kConnectionIdleMs`, `kConnectionAgeMs`). Only loopback can connect until login exists.
TOP

# Names that some code reads; a bound that is only added to others at compile time counts as well.
used=$(mktemp)
trap 'rm -f "$used"' EXIT
{
  find services storage clients \( -name '*.h' -o -name '*.cc' \) ! -path "$header" -exec cat {} +
  grep -oE '\+ k[A-Z][A-Za-z0-9]*' "$header"
} | grep -oE '\bk[A-Z][A-Za-z0-9]*\b' | sort -u >"$used"

awk -v used="$used" '
  BEGIN { while ((getline name < used) > 0) read_by_code[name] = 1 }

  # 16384 or 16'"'"'384 -> 16 384
  function grouped(number,   out) {
    gsub(/[^0-9]/, "", number)
    while (length(number) > 3) {
      out = " " substr(number, length(number) - 2) out
      number = substr(number, 1, length(number) - 3)
    }
    return number out
  }
  function value_of(name, expression,   unit) {
    unit = name ~ /Bytes/ ? " bytes" : (name ~ /Ms$/ ? " ms" : "")
    if (expression ~ /^[0-9]+ \* kKiB$/) return grouped(substr(expression, 1, index(expression, " ") - 1)) " KiB"
    if (expression ~ /^[0-9]+ \* kMiB$/) return grouped(substr(expression, 1, index(expression, " ") - 1)) " MiB"
    if (expression ~ /^[0-9'"'"']+$/) return grouped(expression) unit
    return expression
  }

  /^\/\/ ---- / {
    print "\n## " substr($0, 9) "\n\n| bound | value | what it bounds | what happens when it is met |\n|---|---|---|---|"
  }
  /^inline constexpr / && !/ kKiB = | kMiB = / {
    line = $0
    if (!match(line, /k[A-Z][A-Za-z0-9]* = /)) exit 1
    name = substr(line, RSTART, RLENGTH - 3)
    rest = substr(line, RSTART + RLENGTH)
    end = index(rest, ";")
    expression = substr(rest, 1, end - 1)
    comment = substr(rest, end + 1)
    if (!sub(/^ *\/\/ /, "", comment)) {
      print "limits.sh: " name " has no comment" > "/dev/stderr"
      failed = 1
      exit 1
    }
    sub(/\.$/, "", comment)
    cut = index(comment, "; ")
    what = cut ? substr(comment, 1, cut - 1) : comment
    answer = cut ? substr(comment, cut + 2) : "–"
    if (!(name in read_by_code)) answer = cut ? "planned: " answer : "planned"
    printf "| `%s` | %s | %s | %s |\n", name, value_of(name, expression), what, answer
  }
  END { exit failed }
' "$header"
