#!/usr/bin/env bash
# Docker Engine, Compose and a registry mirror with real servers, on a machine
# that has none of them and reaches only package registries.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in settings process packages network engine registry images; do
  # shellcheck source=/dev/null
  [[ ! -f "$HERE/lib/$part.sh" ]] || source "$HERE/lib/$part.sh"
done

usage() {
  cat <<TEXT
usage: testbed.sh COMMAND
  up [--fresh]     engine, registry and images; --fresh also removes the
                   containers, networks and volumes of earlier runs
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
  start_registry
  start_engine
  [[ "${1:-}" != --fresh ]] || remove_engine_contents
  say "engine answers: export DOCKER_HOST=unix://$SOCKET"
  build_images
}

down() {
  require_root down
  take_lock
  stop_engine
  stop_registry
  remove_network_leftovers
  [[ "${1:-}" != --purge ]] || rm -rf "$STATE" "$RUN"
}

print_env() {
  printf 'export DOCKER_HOST=unix://%s\n' "$SOCKET"
  printf 'export PATH=%s/bin:$PATH\n' "$TOOLS"
}

case "${1:-}" in
  up) up "${2:-}" ;;
  down) down "${2:-}" ;;
  status) status ;;
  env) print_env ;;
  *) usage >&2; exit 2 ;;
esac
