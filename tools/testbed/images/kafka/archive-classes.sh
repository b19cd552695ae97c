#!/usr/bin/env bash
# Archives the classes that formatting and a broker at work load, as the
# official image does: without the archives a start takes seconds longer.
set -o nounset -o errexit
bin=/opt/kafka/bin

# A build has the host's network, where a Kafka may listen on 9092.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}
broker="127.0.0.1:$(free_port)" controller="127.0.0.1:$(free_port)"

export KAFKA_HEAP_OPTS=-Xmx256M CLUSTER_ID=5L6g3nShT-eMCtK--X86sw
# Classes that cannot be archived are a warning each, hundreds of lines.
quiet=-Xlog:disable
cp /etc/kafka/docker/*.yaml /opt/kafka/config/
sed -e "s|controller.quorum.voters=.*|controller.quorum.voters=1@$controller|" \
  -e "s|^listeners=.*|listeners=PLAINTEXT://$broker,CONTROLLER://$controller|" \
  -e "s|^advertised.listeners=.*|advertised.listeners=PLAINTEXT://$broker|" \
  /etc/kafka/docker/server.properties >/mnt/shared/config/server.properties

KAFKA_JVM_PERFORMANCE_OPTS="-XX:ArchiveClassesAtExit=/opt/kafka/storage.jsa $quiet" \
  "$bin/kafka-run-class.sh" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config

KAFKA_JVM_PERFORMANCE_OPTS="-XX:ArchiveClassesAtExit=/opt/kafka/kafka.jsa $quiet" \
  "$bin/kafka-server-start.sh" /opt/kafka/config/server.properties &
server=$!
tool() { timeout 120 "$bin/$1" --bootstrap-server "$broker" "${@:2}"; }
tool kafka-topics.sh --create --topic archived --partitions 1
echo record | tool kafka-console-producer.sh --topic archived
tool kafka-console-consumer.sh --topic archived --from-beginning --max-messages 1
kill -TERM "$server"
# A JVM that a signal ended says 143.
wait "$server" || (($? == 143))
[[ -s /opt/kafka/storage.jsa && -s /opt/kafka/kafka.jsa ]]
rm -rf /tmp/kraft-combined-logs /tmp/hsperfdata_* /opt/kafka/config/server.properties /mnt/shared/config/server.properties
