#!/bin/sh
# Behaves as the official entry point: what is no command is an argument of node.
set -e

if [ "${1#-}" != "$1" ] || [ -z "$(command -v "${1:-}")" ] || { [ -f "$1" ] && [ ! -x "$1" ]; }; then
  set -- node "$@"
fi

exec "$@"
