#!/usr/bin/env bash
# prepare.sh OUTDIR VERSION: FerretDB's server, which speaks MongoDB's wire
# protocol, built from the Go module proxy, and MongoDB's own shell from npm.
# Exit 75: they cannot be had here.
set -euo pipefail
out="$1" version="$2"
# The last release that keeps its data in SQLite.
ferretdb=v1.24.2
# About what the official image of 7.0 has.
mongosh=2.5.10
work="$(mktemp -d)"
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

cannot() {
  echo "mongo $version cannot be built: $1"
  exit 75
}

command -v go >/dev/null || cannot 'no Go compiler is installed'
module="$(cd "$work" && go mod download -json "github.com/FerretDB/FerretDB@$ferretdb" 2>"$work/error")" ||
  cannot "FerretDB $ferretdb cannot be fetched: $(sed -nE 's/.*"Error": "(.*)".*/\1/p' <<<"$module" | cut -c1-200)"
cp -r "$(sed -nE 's/.*"Dir": "(.*)".*/\1/p' <<<"$module")" "$work/source"
chmod -R u+w "$work/source"

# Two files that FerretDB's own release builds write; the second is the version
# that buildInfo gives to clients.
echo "$ferretdb" >"$work/source/build/version/version.txt"
grep -oE '^[0-9]+\.[0-9]+\.[0-9]+' <<<"$version" >"$work/source/build/version/mongodb.txt" ||
  cannot "its tag names no patch version, like 7.0.28"
cd "$work/source"
# It asks SQLite for one document only where a filter has nothing but the _id, and by an expression that its own index
# does not have: 200 replacements among 2,500 documents took 27 s, which says nothing of MongoDB. What SQLite answers is
# held against the whole filter again.
collection=internal/backends/sqlite/collection.go metadata=internal/backends/sqlite/metadata/metadata.go
sed -i 's/params\.Filter\.Len() == 1 {/params.Filter.Len() > 0 {/' "$collection"
sed -i "s/->'\\$\._id'\"/->'_id'\"/" "$metadata"
[[ "$(grep -c 'Filter\.Len() > 0 {' "$collection") $(grep -ce "->'_id'\"" "$metadata")" == '2 1' ]] ||
  cannot "FerretDB $ferretdb looks documents up in another way"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -tags ferretdb_no_postgresql,ferretdb_no_mysql \
  -o "$out/ferretdb" ./cmd/ferretdb || cannot "FerretDB $ferretdb does not build with $(go version)"

npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional --prefix "$out/mongosh" "mongosh@$mongosh" ||
  cannot "mongosh $mongosh cannot be fetched from the npm registry"
