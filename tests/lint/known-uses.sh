#!/bin/sh
# The table of known uses is well formed: columns, order, values, evidence shapes, no duplicates.
# No network: tools/verify-uses without options also re-checks the evidence itself.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
exec python3 "$root/tools/verify-uses" --format-only
