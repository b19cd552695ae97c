#!/usr/bin/env bash
# Docker Engine, Compose and a registry mirror with real servers, on a machine
# that has none of them and reaches only package registries.
set -Eeuo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in settings process packages network engine registry images; do
  # shellcheck source=/dev/null
  source "$HERE/lib/$part.sh"
done

trap 'say "stopped by an error at ${BASH_SOURCE[0]##*/}:$LINENO; logs are in $RUN"' ERR

usage() {
  cat <<TEXT
usage: testbed.sh COMMAND
  up               engine, registry and images; with --fresh without the
                   containers, networks and volumes of earlier runs; with
                   --no-images engine and registry only
  down [--purge]   stops what up started; --purge also deletes $STATE
  status           what runs, and which images the registry has
  env              shell lines that point docker and mybroker at the testbed
TEXT
}

require_root() {
  [[ "$(id -u)" == 0 ]] || fail "'testbed.sh $1' needs root" "sudo bash tools/testbed/testbed.sh $1"
}

# One up or down at a time; the lock falls with the process, however it ends.
take_lock() {
  mkdir -p "$STATE" "$RUN"
  exec 9>"$RUN/lock"
  flock -n 9 || { say 'waiting for another testbed command'; flock 9; }
}

remove_engine_contents() {
  local ids
  mapfile -t ids < <(docker_cli ps -aq)
  ((${#ids[@]} == 0)) || docker_cli rm -f -v "${ids[@]}" >/dev/null
  docker_cli network prune -f >/dev/null
  docker_cli volume prune -af >/dev/null
}

up() {
  require_root up
  local other
  other="$(other_engine)"
  if [[ -n "$other" && "${MYBROKER_TESTBED_FORCE:-}" != 1 ]]; then
    say "an engine already answers at $other: the testbed is not needed and starts nothing"
    say 'where that engine is on another machine, MYBROKER_TESTBED_FORCE=1 starts the testbed all the same'
    return 0
  fi
  take_lock
  install_host_packages
  unpack_tools
  link_compose_plugin
  start_registry
  start_engine
  [[ "$1" != --fresh ]] || remove_engine_contents
  [[ "$1" == --no-images ]] || build_images
  say "ready: export DOCKER_HOST=unix://$SOCKET"
}

down() {
  require_root down
  take_lock
  stop_engine
  stop_registry
  remove_network_leftovers
  [[ "${1:-}" == --purge ]] || return 0
  unlink_compose_plugin
  remove_tree "$STATE"
  remove_tree "$RUN"
}

status() {
  if our_engine_answers; then
    printf 'engine    %s at unix://%s\n' "$(docker_cli version -f '{{.Server.Version}}')" "$SOCKET"
  else
    printf 'engine    not running\n'
  fi
  registry_answers || { printf 'registry  not running\n'; return 0; }
  printf 'registry  http://%s\n' "$REGISTRY_ADDRESS"
  list_images | sed 's/^/image     /'
}

print_env() {
  # shellcheck disable=SC2016 # the PATH of the shell that reads these lines
  printf 'export DOCKER_HOST=unix://%s\n' "$SOCKET"
  printf 'export PATH=%s/bin:"$PATH"\n' "$TOOLS"
}

case "$*" in
  up | 'up --fresh' | 'up --no-images') up "${2:-}" ;;
  down | 'down --purge') down "${2:-}" ;;
  status) status ;;
  env) print_env ;;
  *) usage >&2; exit 2 ;;
esac
