# shellcheck shell=bash
# Bridges and packet filter rules that outlive an engine.

# Called only where no engine runs: then no bridge or chain with Docker's names is in use.
remove_network_leftovers() {
  [[ -z "$(pids_of dockerd '')" ]] || return 0
  local bridge tool
  for bridge in $(ip -o link show type bridge 2>/dev/null | grep -oE '(docker0|br-[0-9a-f]{12})' | sort -u); do
    ip link delete "$bridge" 2>/dev/null || true
  done
  for tool in iptables ip6tables; do
    "$tool-save" 2>/dev/null | grep -vE 'DOCKER|docker0|br-[0-9a-f]{12}' | "$tool-restore" 2>/dev/null || true
  done
}
