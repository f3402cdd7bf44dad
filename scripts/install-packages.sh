#!/bin/sh
# Installs Debian or Ubuntu packages for the build and the tests. Run as root:
#   scripts/install-packages.sh PACKAGE...
set -eu
export DEBIAN_FRONTEND=noninteractive

apt() {
  apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# node-llhttp depends on the distribution's Node.js, which on Debian 12 is too old for us and would take the place of one
# that was put into /usr by hand. Its C sources are all that is wanted, so they are unpacked beside what apt manages.
unpack_llhttp() {
  folder=$(mktemp -d)
  chmod 755 "$folder"
  (cd "$folder" && apt download node-llhttp && dpkg-deb -x node-llhttp_*.deb .)
  mkdir -p /usr/local/share/llhttp
  cp "$folder"/usr/share/llhttp/*.c "$folder"/usr/share/include/llhttp/llhttp.h /usr/local/share/llhttp/
  rm -rf "$folder"
}

# Services that come with the packages are not started: the tests start their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi

packages=
for package in "$@"; do
  if [ "$package" = node-llhttp ]; then
    unpack_llhttp
  else
    packages="$packages $package"
  fi
done
# shellcheck disable=SC2086  # a list of words
[ -z "$packages" ] || apt install -y --no-install-recommends $packages
