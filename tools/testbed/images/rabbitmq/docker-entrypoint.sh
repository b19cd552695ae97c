#!/bin/bash
# Behaves as the official entry point: root hands the data folder to rabbitmq
# and steps down; settings that the server no longer takes from the environment
# are an error. The server itself reads RABBITMQ_DEFAULT_USER, _PASS and _VHOST.
set -euo pipefail

if [[ "$1" == rabbitmq* && "$(id -u)" == 0 ]]; then
  [[ "$1" != rabbitmq-server ]] || find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq '{}' +
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
fi

deprecated=(RABBITMQ_DEFAULT_PASS_FILE RABBITMQ_DEFAULT_USER_FILE RABBITMQ_VM_MEMORY_HIGH_WATERMARK)
for kind in MANAGEMENT_SSL SSL; do
  for name in CACERTFILE CERTFILE DEPTH FAIL_IF_NO_PEER_CERT KEYFILE VERIFY; do
    deprecated+=("RABBITMQ_${kind}_$name")
  done
done
found=''
for name in "${deprecated[@]}"; do
  [[ -n "${!name:-}" ]] || continue
  printf 'error: %s is set but deprecated\n' "$name" >&2
  found=1
done
if [[ -n "$found" ]]; then
  printf 'error: deprecated environment variables detected\n\nPlease use a configuration file instead\n' >&2
  exit 1
fi

if [[ -z "${RABBITMQ_USE_LONGNAME:-}" && "$(hostname)" != "$(hostname -s)" ]]; then
  export RABBITMQ_USE_LONGNAME=true
fi
exec "$@"
