#!/usr/bin/env bash
# Archives the classes that formatting and a broker at work load, as the
# official image does: without the archives a start takes seconds longer.
set -o nounset -o errexit
bin=/opt/kafka/bin
export KAFKA_HEAP_OPTS=-Xmx256M CLUSTER_ID=5L6g3nShT-eMCtK--X86sw
# Classes that cannot be archived are a warning each, hundreds of lines.
quiet=-Xlog:disable
cp /etc/kafka/docker/*.yaml /opt/kafka/config/

KAFKA_JVM_PERFORMANCE_OPTS="-XX:ArchiveClassesAtExit=/opt/kafka/storage.jsa $quiet" \
  "$bin/kafka-run-class.sh" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config

KAFKA_JVM_PERFORMANCE_OPTS="-XX:ArchiveClassesAtExit=/opt/kafka/kafka.jsa $quiet" \
  "$bin/kafka-server-start.sh" /opt/kafka/config/server.properties &
server=$!
tool() { timeout 60 "$bin/$1" --bootstrap-server localhost:9092 "${@:2}"; }
tool kafka-topics.sh --create --topic archived --partitions 1
echo record | tool kafka-console-producer.sh --topic archived
tool kafka-console-consumer.sh --topic archived --from-beginning --max-messages 1
kill -TERM "$server"
# A JVM that a signal ended says 143.
wait "$server" || (($? == 143))
[[ -s /opt/kafka/storage.jsa && -s /opt/kafka/kafka.jsa ]]
rm -rf /tmp/kraft-combined-logs /tmp/hsperfdata_* /opt/kafka/config/server.properties
