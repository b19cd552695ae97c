#!/usr/bin/env bash
# kafka-server-start.sh SERVER_PROPERTIES [--override KEY=VALUE]...
set -o nounset -o errexit
bin="$(dirname "$(readlink -f "$0")")"
if (($# == 0)); then
  echo "USAGE: $0 server.properties [--override property=value]*" >&2
  exit 1
fi
export KAFKA_LOG4J_OPTS="${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$bin/../config/log4j2.yaml}"
export KAFKA_HEAP_OPTS="${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}"
exec "$bin/kafka-run-class.sh" kafka.Kafka "$@"
