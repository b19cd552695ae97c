# shellcheck shell=bash
# Java programs and all that they depend on, resolved by Maven into one folder of jars each.

# The version that the stack runs.
KAFKA_VERSION="$(sed -nE 's/.*KAFKA_IMAGE:-[^:]+:([0-9][0-9.]*)\}.*/\1/p' "$HERE/../../docker-compose.yml" | head -n 1)"
PERF_TEST_VERSION=2.22.1
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/mybroker-clients"
KAFKA_JARS="$CACHE/kafka-$KAFKA_VERSION"
PERF_TEST_JARS="$CACHE/perf-test-$PERF_TEST_VERSION"

# dependency GROUP:ARTIFACT:VERSION [exclusions]
dependency() {
  local group artifact number
  IFS=: read -r group artifact number <<<"$1"
  printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>%s</dependency>' \
    "$group" "$artifact" "$number" "${2:-}"
}

# fetch_jars FOLDER DEPENDENCIES: all or nothing. The stamp is written last, so that what an interrupted run left is
# made again, and what another list of dependencies made as well.
fetch_jars() {
  [[ "$(cat "$1/stamp" 2>/dev/null)" != "$2" ]] || return 0
  command -v mvn >/dev/null || install_packages maven || return 1
  say "fetching ${1##*/}"
  rm -rf "$1"
  mkdir -p "$1"
  cat >"$1/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mybroker.clients</groupId>
  <artifactId>programs</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>$2</dependencies>
</project>
POM
  if ! mvn -B -q -Dstyle.color=never -f "$1/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$1" >"$1/maven.log" 2>&1; then
    say "missing, and Maven cannot fetch it: ${1##*/} (see $1/maven.log)"
    return 1
  fi
  printf '%s' "$2" >"$1/stamp"
}

fetch_kafka() {
  # The tools' own dependencies are Kafka Connect's web server, which no program here starts.
  local alone='<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
  fetch_jars "$KAFKA_JARS" "$(dependency "org.apache.kafka:kafka_2.13:$KAFKA_VERSION")$(dependency "org.apache.kafka:kafka-tools:$KAFKA_VERSION" "$alone")"
}

fetch_perf_test() {
  fetch_jars "$PERF_TEST_JARS" "$(dependency "com.rabbitmq:perf-test:$PERF_TEST_VERSION")"
}
