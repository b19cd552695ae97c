#!/usr/bin/env bash
# /etc/kafka/docker/run: starts the broker as the official image does. The
# translation of KAFKA_ variables and the formatting of the storage are Kafka's
# own class, which the official image calls too.
set -o nounset -o errexit

refuse() {
  echo "$1" >&2
  exit 1
}

for assignment; do
  # shellcheck disable=SC2163 # it holds NAME=VALUE
  export "$assignment"
done

echo '===> User'
id

echo '===> Configuring ...'
export CLUSTER_ID="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}"
advertised="${KAFKA_ADVERTISED_LISTENERS-}"
if [[ "${KAFKA_PROCESS_ROLES-}" == controller ]]; then
  [[ -z "$advertised" ]] || refuse 'KAFKA_ADVERTISED_LISTENERS is not supported on a KRaft controller.'
  unset KAFKA_ADVERTISED_LISTENERS
elif [[ -z "${KAFKA_LISTENERS-}" && -n "$advertised" ]]; then
  KAFKA_LISTENERS="$(sed 's|://[^:]*:|://0.0.0.0:|g' <<<"$advertised")"
  export KAFKA_LISTENERS
fi
# The official image takes key stores here; the stand-in was never tried with any.
case "$advertised" in
  *SSL://* | *SASL_*://*) refuse "the testbed's Kafka knows no SSL and no SASL listener: $advertised" ;;
esac
[[ -w /opt/kafka/config/ ]] || refuse '/opt/kafka/config/ file not writable'

echo '===> Launching ...'
if [[ -n "${KAFKA_JMX_PORT-}" ]]; then
  refuse "the testbed's Kafka has no JMX port"
fi
# Any performance option, ours included, replaces the scripts' default ones.
options="${KAFKA_JVM_PERFORMANCE_OPTS-}"
export KAFKA_JVM_PERFORMANCE_OPTS="$options -XX:SharedArchiveFile=/opt/kafka/storage.jsa"
result="$(/opt/kafka/bin/kafka-run-class.sh kafka.docker.KafkaDockerWrapper setup \
  --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config \
  --final-configs-dir /opt/kafka/config 2>&1)" ||
  grep -i 'already formatted' <<<"$result" || refuse "$result"
export KAFKA_JVM_PERFORMANCE_OPTS="$options -XX:SharedArchiveFile=/opt/kafka/kafka.jsa"
exec /opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/server.properties
