#!/bin/sh
# Behaves as the official entry point: root hands /data to redis and steps down.
set -e

case "${1:-}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis '{}' +
    # By its path: busybox's shell takes its own setpriv, which cannot step down.
    exec /usr/bin/setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
  fi
  # The official server is built with protected mode off; flags given later win.
  case "${2:-}" in
    *.conf | -v | --version | -h | --help | --test-memory) ;;
    *) shift && set -- redis-server --protected-mode no "$@" ;;
  esac
fi

[ "$(umask)" != 0022 ] || umask 0077
exec "$@"
