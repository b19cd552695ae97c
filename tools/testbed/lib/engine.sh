# shellcheck shell=bash
# The Docker Engine of the testbed.

docker_cli() {
  # An empty configuration: the user's may name another context, proxies or credential helpers.
  DOCKER_CONFIG="$STATE/docker-config" DOCKER_BUILDKIT=0 DOCKER_HOST="unix://$SOCKET" DOCKER_CONTEXT='' \
    "$TOOLS/usr/bin/docker" "$@"
}

# engine_answers HOST: whether a Docker Engine speaks there, within 3 s.
engine_answers() {
  case "$1" in
    unix://*) [[ "$(curl -s -m 3 --unix-socket "${1#unix://}" http://engine/_ping)" == OK ]] ;;
    tcp://*) [[ "$(curl -s -m 3 "http://${1#tcp://}/_ping")" == OK ]] ;;
    *) return 1 ;;
  esac
}

our_engine_answers() { engine_answers "unix://$SOCKET"; }
our_engine_pids() { pids_of dockerd "$ENGINE_EXEC"; }
our_containerd_pids() { pids_of containerd "$ENGINE_EXEC/containerd/containerd.toml"; }
our_shim_pids() { pids_of containerd-shim "$ENGINE_EXEC/containerd/containerd.sock"; }

# Two engines on one machine share docker0 and the iptables chains, and the
# first that stops takes the network from the other one's containers.
refuse_second_engine() {
  local pid ours
  ours="$(our_engine_pids)"
  for pid in $(pids_of dockerd ''); do
    grep -qx "$pid" <<<"$ours" || fail "another Docker Engine runs here (pid $pid); a second one beside it would break both" \
      'use that one, or stop it first'
  done
}

# The address of an engine that is not ours and answers, if there is one.
other_engine() {
  local host
  for host in "${DOCKER_HOST:-}" unix:///var/run/docker.sock; do
    [[ -n "$host" && "$host" != "unix://$SOCKET" ]] || continue
    if engine_answers "$host"; then
      printf '%s' "$host"
      return
    fi
  done
}

# Pid files are dropped only when their process is gone: dockerd trusts them,
# and after a kill their numbers may have been given to other programs.
clear_stale_engine_files() {
  [[ -n "$(our_engine_pids)" ]] || rm -f "$RUN/dockerd.pid" "$SOCKET"
  [[ -n "$(our_containerd_pids)" ]] || rm -f "$ENGINE_EXEC/containerd/containerd.pid" "$ENGINE_EXEC"/containerd/*.sock*
}

mount_cgroups() {
  mountpoint -q /sys/fs/cgroup && return 0
  mount -t cgroup2 cgroup2 /sys/fs/cgroup || fail 'no cgroup file system can be mounted' 'the engine needs a privileged root'
}

launch_engine() {
  local tools="$TOOLS/usr"
  mkdir -p "$ENGINE_DATA" "$ENGINE_EXEC" "$STATE/docker-config"
  # A file of its own, else the machine's daemon.json would be read.
  printf '{}\n' >"$STATE/daemon.json"
  mount_cgroups
  # Networks of /24 from a wide pool: the engine's default gives 31 networks,
  # fewer than test runs side by side use.
  PATH="$tools/sbin:$tools/bin:$PATH" start_daemon dockerd "$tools/sbin/dockerd" \
    --config-file "$STATE/daemon.json" --host "unix://$SOCKET" --group root \
    --data-root "$ENGINE_DATA" --exec-root "$ENGINE_EXEC" --pidfile "$RUN/dockerd.pid" \
    --userland-proxy-path "$tools/sbin/docker-proxy" --init-path "$tools/bin/tini-static" \
    --exec-opt native.cgroupdriver=cgroupfs --default-address-pool base=172.20.0.0/14,size=24 \
    --registry-mirror "http://$REGISTRY_ADDRESS" --insecure-registry "$REGISTRY_ADDRESS"
}

start_engine() {
  our_engine_answers && return 0
  refuse_second_engine
  if [[ -n "$(our_engine_pids)" ]] && ! wait_for 30 our_engine_answers; then
    say 'the engine of an earlier run hangs: stopping it'
    stop_engine
  fi
  our_engine_answers && return 0
  clear_stale_engine_files
  say 'starting the engine'
  launch_engine
  wait_for 90 our_engine_answers || {
    tail -n 15 "$RUN/dockerd.log" >&2
    fail 'the engine does not answer' "its log is $RUN/dockerd.log"
  }
}

# Containers whose engine and containerd are both gone have nobody left to stop them.
kill_orphaned_containers() {
  local shim
  for shim in $(our_shim_pids); do
    # shellcheck disable=SC2046
    kill -KILL $(cat "/proc/$shim/task/$shim/children" 2>/dev/null) 2>/dev/null || true
    stop_processes 5 "$shim"
  done
}

stop_engine() {
  local pids
  mapfile -t pids < <(our_engine_pids)
  stop_processes 60 "${pids[@]}"
  mapfile -t pids < <(our_containerd_pids)
  stop_processes 10 "${pids[@]}"
  kill_orphaned_containers
  unmount_below "$RUN"
  unmount_below "$ENGINE_DATA"
  clear_stale_engine_files
}
