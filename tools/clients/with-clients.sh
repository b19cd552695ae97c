#!/usr/bin/env bash
# Runs a command with the client programs that tests start: Debian packages, and Java programs from Maven as folders
# of jars that MYBROKER_CLIENTS_KAFKA and MYBROKER_CLIENTS_PERF_TEST then name. What is missing is installed where that
# can be done; where it cannot, it is named and the command runs without it. With MYBROKER_CLIENTS_REQUIRED=1 the tests
# of a missing program fail.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=/dev/null
source "$HERE/java-programs.sh"

DEBIAN_PROGRAMS=(kcat python3-kafka python3-confluent-kafka python3-pika zsh fish)

say() { printf 'clients: %s\n' "$*" >&2; }

is_installed() { dpkg -s "$1" 2>/dev/null | grep -q '^Status: install ok installed'; }

# install_packages PACKAGE...: those that are missing; false where one stays so.
install_packages() {
  local missing=() package log
  for package; do is_installed "$package" || missing+=("$package"); done
  ((${#missing[@]} > 0)) || return 0
  if ! command -v apt-get >/dev/null || ((EUID != 0)); then
    say "missing, and only root of a Debian can install them: ${missing[*]}"
    return 1
  fi
  say "installing ${missing[*]}"
  log="$(mktemp)"
  if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    say "missing, and they cannot be installed: ${missing[*]} (see $log)"
    return 1
  fi
  rm -f "$log"
}

install_packages "${DEBIAN_PROGRAMS[@]}" || true
if command -v java >/dev/null || install_packages default-jre-headless; then
  ! fetch_kafka || export MYBROKER_CLIENTS_KAFKA="$KAFKA_JARS"
  ! fetch_perf_test || export MYBROKER_CLIENTS_PERF_TEST="$PERF_TEST_JARS"
fi
exec "$@"
