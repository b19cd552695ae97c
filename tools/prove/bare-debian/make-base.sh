#!/usr/bin/env bash
# make-base.sh FOLDER: a Debian with nothing but what every Debian has, and its own Node.js and npm. All or nothing.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=/dev/null
source "$HERE/../../testbed/lib/packages.sh"
# The first whose Node.js is as new as package.json asks.
release=trixie
base="$1" new="$1.new"

in_base() { DEBIAN_FRONTEND=noninteractive chroot "$new" "$@"; }

mirror="$(debian_mirror)"
[[ -n "$mirror" ]] || { echo 'this machine has no Debian package source' >&2; exit 1; }
rm -rf --one-file-system "$new"
mkdir -p "${base%/*}"
debootstrap --variant=minbase --include=ca-certificates "$release" "$new" "$mirror"
{
  printf 'Acquire::Check-Valid-Until "false";\n'
  apt-config dump | grep -iE '^Acquire::https?::Proxy' || true
} >"$new/etc/apt/apt.conf.d/90base"
cp /etc/resolv.conf /etc/hosts "$new/etc/"
printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
chmod 755 "$new/usr/sbin/policy-rc.d"
in_base apt-get -q update
in_base apt-get -q install -y --no-install-recommends nodejs npm
in_base apt-get clean
in_base useradd --create-home stranger
rm -rf --one-file-system "$base"
mv "$new" "$base"
