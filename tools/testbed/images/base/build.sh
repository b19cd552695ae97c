#!/usr/bin/env bash
# build.sh ROOT MIRROR CODENAME: the root file system that all stand-ins share.
# Debian sid for its newer servers, with the host's release behind it for
# those that sid has in a newer version than the official image.
set -euo pipefail
root="$1" mirror="$2" codename="$3"

debootstrap --variant=minbase --include=ca-certificates sid "$root" "$mirror"

cat >"$root/etc/apt/sources.list" <<SOURCES
deb $mirror sid main
deb $mirror $codename main
SOURCES
# Below 500, so that a package comes from the older release only where sid has
# none or a recipe names its version.
printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$codename" >"$root/etc/apt/preferences.d/release"
cat >"$root/etc/apt/apt.conf.d/90testbed" <<'CONF'
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
apt-config dump | grep -iE '^Acquire::https?::Proxy' >"$root/etc/apt/apt.conf.d/91proxy" || true
cat >"$root/etc/dpkg/dpkg.cfg.d/testbed" <<'CONF'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
force-unsafe-io
CONF
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

install -m 755 "$(dirname "$0")/install-packages" "$(dirname "$0")/copy-programs" "$root/usr/local/sbin/"
rm -rf "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin \
  "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log "$root/etc/resolv.conf" "$root/etc/hostname"
