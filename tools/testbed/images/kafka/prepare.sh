#!/usr/bin/env bash
# prepare.sh OUTDIR VERSION: Apache Kafka's jars from Maven Central, on the
# host, where Maven keeps what it fetched. Exit 75: they cannot be had here.
set -euo pipefail
out="$1" version="$2"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cannot() {
  echo "kafka $version cannot be built: $1"
  exit 75
}

write_pom() {
  cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mybroker.testbed</groupId>
  <artifactId>kafka-libs</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>$1</dependencies>
</project>
POM
}

# dependency GROUP:ARTIFACT:VERSION [exclusions]
dependency() {
  local group artifact number
  IFS=: read -r group artifact number <<<"$1"
  printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>%s</dependency>' \
    "$group" "$artifact" "$number" "${2:-}"
}

copy_dependencies() {
  mvn -B -q -Dstyle.color=never -f "$work/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$out/libs" >"$work/mvn.log" 2>&1 || {
    cat "$work/mvn.log"
    echo
    cannot "$(sed -n 's/.*\[ERROR\] \(..*\)/\1/p' "$work/mvn.log" | head -n 1 | cut -c1-400)"
  }
}

if ! command -v mvn >/dev/null; then
  { apt-get -q update && apt-get -q install -y --no-install-recommends maven; } || cannot 'Maven is not installed'
fi

# The tools' own dependencies are Kafka Connect's web server, which no script
# of the image starts.
alone='<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
write_pom "$(dependency "org.apache.kafka:kafka_2.13:$version")$(dependency "org.apache.kafka:kafka-tools:$version" "$alone")"
copy_dependencies

# The official archive adds the bridge from slf4j to log4j2, at the version of
# log4j2 that Kafka depends on; without it the broker logs nothing.
log4j="$(basename "$out"/libs/log4j-core-*.jar .jar)"
write_pom "$(dependency "org.apache.logging.log4j:log4j-slf4j-impl:${log4j#log4j-core-}" "$alone")"
copy_dependencies
