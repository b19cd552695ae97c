#!/usr/bin/env bash
# kafka-run-class.sh CLASS [ARGUMENT...]: a class of Kafka in a JVM that the
# documented KAFKA_ variables shape.
set -o nounset -o errexit
if (($# == 0)); then
  echo "USAGE: $0 classname [opts]" >&2
  exit 1
fi
home="$(dirname "$(dirname "$(readlink -f "$0")")")"
# Spelled out, in the order of the names: the class archives hold for exactly
# this class path.
jars=("$home"/libs/*.jar)
classpath="$(IFS=: && echo "${jars[*]}")"
defaults='-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true'
# shellcheck disable=SC2086 # each variable holds several options
exec "${JAVA_HOME:-/opt/java/openjdk}/bin/java" \
  ${KAFKA_HEAP_OPTS:--Xmx256M} \
  ${KAFKA_JVM_PERFORMANCE_OPTS:-$defaults} \
  ${KAFKA_GC_LOG_OPTS-} ${KAFKA_JMX_OPTS-} \
  "-Dkafka.logs.dir=$home/logs" \
  ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$home/config/tools-log4j2.yaml} \
  -cp "$classpath${CLASSPATH:+:$CLASSPATH}" ${KAFKA_OPTS-} "$@"
