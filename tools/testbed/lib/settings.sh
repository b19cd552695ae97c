# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the files sourced after this one
# Every path and version that more than one part of the testbed needs.

STATE="${MYBROKER_TESTBED_STATE:-/var/lib/mybroker-testbed}"
RUN="${MYBROKER_TESTBED_RUN:-/run/mybroker-testbed}"

# The product's floor for the engine is far above what Debian 12 ships, so
# engine, client and Compose come from sid; containerd and runc of Debian 12
# serve them. A later engine is taken only when sid no longer has this one.
SID_PACKAGES=(docker.io=28.5.2 docker-cli=28.5.2 docker-compose=2.40.3 tini-static)
RELEASE_PACKAGES=(containerd runc docker-registry)
HOST_PACKAGES=(iptables debootstrap iproute2 curl)

TOOLS="$STATE/tools"
SOCKET="$RUN/docker.sock"
ENGINE_DATA="$STATE/docker"
ENGINE_EXEC="$RUN/exec"
REGISTRY_ADDRESS="127.0.0.1:${MYBROKER_TESTBED_REGISTRY_PORT:-5000}"
BASE_IMAGE="mybroker-testbed/base"
HASH_LABEL="dev.mybroker.testbed.recipe"

say() { printf 'testbed: %s\n' "$*" >&2; }

# fail MESSAGE [HINT]
fail() {
  printf 'testbed: %s\n' "$1" >&2
  [[ $# -lt 2 ]] || printf '         %s\n' "$2" >&2
  exit 1
}

# wait_for SECONDS COMMAND...: polls, because sockets and ports announce nothing.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
