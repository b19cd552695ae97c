#!/usr/bin/env bash
# survives-kill.sh FOLDER IMAGE_FILE: kills a testbed of its own without warning
# and checks that the next `up` heals it and that `down` leaves nothing behind.
# Run it in network, process and mount namespaces of its own: two engines in
# one would break each other. IMAGE_FILE is what `docker save busybox:1.37.0` wrote.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export MYBROKER_TESTBED_STATE="$1/state" MYBROKER_TESTBED_RUN="$1/run" DOCKER_HOST=''
shared_tools="$(bash -c 'unset MYBROKER_TESTBED_STATE; source "$0/lib/settings.sh"; echo "$TOOLS"' "$HERE")"
source "$HERE/lib/settings.sh"
source "$HERE/lib/process.sh"
source "$HERE/lib/engine.sh"

testbed() { bash "$HERE/testbed.sh" "$@"; }
answers() { [[ "$(curl -s -m 2 http://127.0.0.1:8081/)" == alive ]]; }

# check WHAT COMMAND...
check() {
  "${@:2}" || fail "not so: $1"
  printf 'ok %s\n' "$1"
}

kill_everything() {
  # shellcheck disable=SC2046
  kill -KILL $(our_engine_pids) $(our_containerd_pids) $(pids_of docker-registry "$STATE")
  wait_for 10 eval '[[ -z "$(our_engine_pids)$(our_containerd_pids)" ]]'
  sleep 3600 &
  # The numbers in the pid files now belong to a program that has nothing to do with us.
  printf '%s' "$!" | tee "$RUN/dockerd.pid" >"$ENGINE_EXEC/containerd/containerd.pid"
}

ip link set lo up
mkdir -p "$STATE"
cp -al "$shared_tools" "$TOOLS"
testbed up --no-images
docker_cli load -qi "$2"
docker_cli run -d --name web --restart always --stop-signal KILL -p 127.0.0.1:8081:80 busybox:1.37.0 \
  sh -c 'echo alive >/tmp/index.html && exec httpd -f -h /tmp' >/dev/null
check 'a published port answers' wait_for 15 answers

kill_everything
testbed up --no-images
check 'the engine answers after kill -9' our_engine_answers
check 'a container with a restart policy serves again' wait_for 30 answers
check 'a second up changes nothing' testbed up --no-images

testbed down
check 'no process of the testbed is left' test -z "$(pids_of '' "$RUN")$(pids_of '' "$STATE")"
check 'no bridge is left' test -z "$(ip -o link show type bridge)"
check 'no packet filter rule is left' test -z "$(iptables-save | grep DOCKER)"
check 'no mount is left' test -z "$(grep -F " $1/" /proc/self/mountinfo)"
