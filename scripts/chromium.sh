#!/bin/sh
# Install Debian's Chromium for the browser tests where it is missing and may be installed; never fail for it.

[ -z "${CHROMIUM:-}" ] || exit 0
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done

if ! command -v apt-get >/dev/null; then
  echo "No Chromium here and no apt-get to install it with: browser tests will be skipped." >&2
  exit 0
elif [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true 2>/dev/null; then
  as_root="sudo -n"
else
  echo "No Chromium here and no right to install it: browser tests will be skipped (apt-get install chromium)." >&2
  exit 0
fi

echo "Installing Chromium for the browser tests ..."
{
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core
} >/dev/null </dev/null || echo "Chromium could not be installed: browser tests will be skipped." >&2
exit 0
