#!/bin/sh
# Install Debian's Redis for the tests of workers where it is missing and may be installed; never fail for it.

command -v redis-server >/dev/null && exit 0

if ! command -v apt-get >/dev/null; then
  echo "No redis-server here and no apt-get to install it with: its tests will be skipped." >&2
  exit 0
elif [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true 2>/dev/null; then
  as_root="sudo -n"
else
  echo "No redis-server here and no right to install it: its tests will be skipped (apt-get install redis-server)." >&2
  exit 0
fi

echo "Installing Redis for the tests of workers ..."
{
  # RUNLEVEL=1: the tests start a server of their own, and the system need not run one.
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq -y --no-install-recommends redis-server
} >/dev/null </dev/null || echo "Redis could not be installed: its tests will be skipped." >&2
exit 0
