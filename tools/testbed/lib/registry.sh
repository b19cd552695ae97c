# shellcheck shell=bash
# The local registry: the engine's mirror of Docker Hub.

registry_answers() { curl -fsS -m 2 "http://$REGISTRY_ADDRESS/v2/" >/dev/null 2>&1; }
our_registry_pids() { pids_of docker-registry "$STATE/registry.yml"; }

write_registry_config() {
  cat >"$STATE/registry.yml" <<CONFIG
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $STATE/registry }
  delete: { enabled: true }
http: { addr: $REGISTRY_ADDRESS }
CONFIG
}

start_registry() {
  if [[ -n "$(our_registry_pids)" ]]; then
    wait_for 10 registry_answers && return 0
    stop_registry
  fi
  if ss -ltn "sport = :${REGISTRY_ADDRESS##*:}" | grep -q LISTEN; then
    fail "port ${REGISTRY_ADDRESS##*:} is taken by another program" 'stop it, or set MYBROKER_TESTBED_REGISTRY_PORT'
  fi
  say 'starting the registry'
  write_registry_config
  start_daemon registry "$TOOLS/usr/bin/docker-registry" serve "$STATE/registry.yml"
  wait_for 15 registry_answers || fail 'the registry does not answer' "its log is $RUN/registry.log"
}

stop_registry() {
  local pids
  mapfile -t pids < <(our_registry_pids)
  stop_processes 10 "${pids[@]}"
}
