# shellcheck shell=bash
# Debian packages: fetched with apt's own signature checks, unpacked beside the
# system instead of installed into it.

# The mirror that this machine's apt already uses for its own release.
debian_mirror() {
  # shellcheck disable=SC2016 # the names are apt's, not the shell's
  apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }'
}

debian_codename() {
  # shellcheck disable=SC1091
  (. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}")
}

# sid_apt COMMAND...: apt-get with sid as its only source, its lists and caches
# under STATE and nothing installed, so that the machine's apt never sees sid.
sid_apt() {
  local root="$STATE/apt"
  apt-get -q -o Dir::State="$root" -o Dir::State::status="$root/status" -o Dir::Cache="$root/cache" \
    -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Acquire::Languages=none \
    -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o Acquire::http::Timeout=20 -o APT::Sandbox::User=root "$@"
}

prepare_sid_apt() {
  local root="$STATE/apt" mirror
  mirror="$(debian_mirror)"
  [[ -n "$mirror" ]] || fail 'this machine has no Debian package source' 'the testbed needs Debian 12 with a configured apt'
  mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
  : >"$root/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' "$mirror" >"$root/sources.list"
  sid_apt update >>"$RUN/apt.log" 2>&1 || no_packages
}

no_packages() { fail "Debian's packages cannot be had here" "see $RUN/apt.log"; }

# fetch_sid PACKAGE[=VERSION]...: the pinned upstream version, else what sid has now.
fetch_sid() {
  local package
  for package; do
    if [[ "$package" == *=* ]] && sid_apt download "$package*"; then continue; fi
    sid_apt download "${package%%=*}" || return 1
  done
}

# Packages of the host itself: iptables must match its kernel and its rules.
install_host_packages() {
  local missing=() package
  for package in "${HOST_PACKAGES[@]}"; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  say "installing ${missing[*]}"
  {
    apt-get -q update &&
      DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"
  } >>"$RUN/apt.log" 2>&1 || no_packages
}

# Unpacks engine, client, Compose and registry into TOOLS, all or nothing: a
# killed run leaves a folder without the stamp, which the next run replaces.
unpack_tools() {
  local wanted="${SID_PACKAGES[*]} ${RELEASE_PACKAGES[*]}" package
  [[ "$(cat "$TOOLS/stamp" 2>/dev/null)" != "$wanted" ]] || return 0
  say 'fetching the engine'
  rm -rf "$STATE/debs" "$TOOLS.new"
  mkdir -p "$STATE/debs" "$TOOLS.new/bin"
  prepare_sid_apt
  (
    cd "$STATE/debs"
    apt-get -q update && fetch_sid "${SID_PACKAGES[@]}" &&
      apt-get -q -o APT::Sandbox::User=root download "${RELEASE_PACKAGES[@]}"
  ) >>"$RUN/apt.log" 2>&1 || no_packages
  for package in "$STATE"/debs/*.deb; do dpkg -x "$package" "$TOOLS.new"; done
  ln -s ../usr/bin/docker ../usr/libexec/docker/cli-plugins/docker-compose "$TOOLS.new/bin/"
  printf '%s' "$wanted" >"$TOOLS.new/stamp"
  rm -rf "$TOOLS" "$STATE/debs"
  mv "$TOOLS.new" "$TOOLS"
}

# The docker client looks for its plugins in the user's and the system's
# folders only; a plugin that the machine has stays.
COMPOSE_PLUGIN=/usr/local/lib/docker/cli-plugins/docker-compose

link_compose_plugin() {
  [[ ! -e "$COMPOSE_PLUGIN" ]] || return 0
  mkdir -p "${COMPOSE_PLUGIN%/*}"
  ln -sfn "$TOOLS/usr/libexec/docker/cli-plugins/docker-compose" "$COMPOSE_PLUGIN"
}

unlink_compose_plugin() {
  [[ "$(readlink "$COMPOSE_PLUGIN" || true)" != "$TOOLS"/* ]] || rm -f "$COMPOSE_PLUGIN"
}
