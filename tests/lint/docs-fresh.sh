#!/bin/sh
# docs-fresh.sh BUILD: what is made from the tables and checked in (completions/, data/schema/) is what
# the tables say now. If not: `make docs`.
set -eu

build=$(CDPATH='' cd -- "$1" && pwd)
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tools/docs "$build" "$scratch"
diff -ru completions "$scratch/completions"
diff -ru data/schema "$scratch/data/schema"
