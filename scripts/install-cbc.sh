#!/usr/bin/env bash
# Installs the solver that validators run: COIN-OR CBC 2.10.3 of Dec 15 2019, the x86-64 Linux program in the PuLP 3.3
# wheel. With exactly this build ih-miner finds the same winners as the validators; see docs/solver.md.
#
#   scripts/install-cbc.sh [--wheel FILE] [--prefix DIR]
#
#   --wheel FILE   use this PuLP 3.3 wheel, or a file that is the program itself, instead of downloading the wheel
#                  with pip: for hosts without internet
#   --prefix DIR   where to install it (default: /usr/local/lib/ih-miner for root, else
#                  ${XDG_CACHE_HOME:-$HOME/.cache}/cbc-2.10.3)
#
# On ARM64 the program runs under qemu-user. The script fetches qemu-user-static and the x86-64 C and C++ libraries with
# apt, for which it needs root once, and makes DIR/cbc a small wrapper.
#
# The last lines printed belong into config.toml. Running the script again changes nothing.
# Exit codes: 0 done; 1 not available, or not the expected program; 2 wrong usage or a missing tool; 3 unsupported host.
set -euo pipefail

readonly program_sha256=2e17077752aa52b06385ad248c9e90bb4f1ce34038c34c94e1012ca6adea5cc7
readonly member=pulp/solverdir/cbc/linux/i64/cbc
readonly pulp_versions='3.3.2 3.3.1 3.3.0'

fail() { # CODE MESSAGE
  printf 'install-cbc.sh: %s\n' "$2" >&2
  exit "$1"
}

wheel=''
prefix=''
while [ $# -gt 0 ]; do
  case $1 in
    --wheel | --prefix)
      [ $# -ge 2 ] || fail 2 "$1 needs a value; see the head of this file"
      if [ "$1" = --wheel ]; then wheel=$2; else prefix=$2; fi
      shift 2
      ;;
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
      exit 0
      ;;
    *) fail 2 "unknown argument $1; see --help" ;;
  esac
done
if [ -z "$prefix" ]; then
  if [ "$(id -u)" = 0 ]; then prefix=/usr/local/lib/ih-miner; else prefix=${XDG_CACHE_HOME:-$HOME/.cache}/cbc-2.10.3; fi
fi

host=$(uname -s)-$(uname -m)
case $host in
  Linux-x86_64) program=$prefix/cbc ;;
  Linux-aarch64) program=$prefix/cbc-x86_64 ;;
  *) fail 3 "this host is $host; the validators' program needs Linux on x86-64, or on ARM64 with emulation" ;;
esac
command -v sha256sum >/dev/null || fail 2 'sha256sum is missing; install coreutils'

is_expected() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$program_sha256" ]; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Writes the program to $work/cbc.
fetch_program() {
  if [ -n "$wheel" ]; then
    [ -f "$wheel" ] || fail 2 "there is no file $wheel"
    if is_expected "$wheel"; then
      cp "$wheel" "$work/cbc"
      return
    fi
  else
    local pip version
    pip=$(command -v pip || command -v pip3) ||
      fail 2 'pip is missing; install it, or download the PuLP 3.3 wheel on another host and pass it with --wheel FILE'
    for version in $pulp_versions; do
      if "$pip" download -q --no-deps --only-binary :all: --retries 1 -d "$work" "pulp==$version" >/dev/null 2>"$work/error"; then
        wheel=$(find "$work" -name '*.whl' | head -n 1)
        break
      fi
    done
    [ -n "$wheel" ] || fail 1 "pip cannot download PuLP 3.3 ($(tail -n 1 "$work/error" | cut -c1-160)); pass the wheel with --wheel FILE"
  fi
  if command -v unzip >/dev/null; then
    unzip -q -p "$wheel" "$member" >"$work/cbc" 2>/dev/null || fail 1 "$wheel is not a PuLP wheel: it does not contain $member"
  elif command -v python3 >/dev/null; then
    python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
      "$wheel" "$member" >"$work/cbc" 2>/dev/null || fail 1 "$wheel is not a PuLP wheel: it does not contain $member"
  else
    fail 2 'unzip is missing; install it (or python3)'
  fi
  is_expected "$work/cbc" || fail 1 "the program in $wheel is not CBC 2.10.3 of Dec 15 2019 (its SHA-256 differs)"
}

if ! is_expected "$program"; then
  fetch_program
  mkdir -p "$prefix"
  install -m 0755 "$work/cbc" "$program.new"
  mv -f "$program.new" "$program"
fi

# On ARM64: x86-64 emulation, with the libraries that the program is linked to.
if [ "$host" = Linux-aarch64 ]; then
  root=$prefix/x86_64-root
  if ! command -v qemu-x86_64-static >/dev/null || [ ! -e "$root/lib64/ld-linux-x86-64.so.2" ]; then
    command -v apt-get >/dev/null || fail 2 "apt-get is missing; install qemu-user-static and unpack the x86-64 libc6, libstdc++6 and libgcc-s1 into $root"
    [ "$(id -u)" = 0 ] || fail 2 'run this once as root: it installs qemu-user-static and fetches the x86-64 libraries'
    command -v qemu-x86_64-static >/dev/null || apt-get install -y -q qemu-user-static
    dpkg --print-foreign-architectures | grep -qx amd64 || dpkg --add-architecture amd64
    apt-get update -q
    (cd "$work" && apt-get download -q libc6:amd64 libstdc++6:amd64 libgcc-s1:amd64)
    mkdir -p "$root"
    for package in "$work"/*.deb; do dpkg -x "$package" "$root"; done
    # The packages may contain lib and lib64, or usr/lib and usr/lib64; the program needs the former.
    for folder in lib lib64; do
      if [ ! -e "$root/$folder" ] && [ -d "$root/usr/$folder" ]; then ln -s "usr/$folder" "$root/$folder"; fi
    done
  fi
  {
    printf '#!/bin/sh\n'
    printf 'exec "%s" -L "%s" "%s" "$@"\n' "$(command -v qemu-x86_64-static)" "$root" "$program"
  } >"$prefix/cbc.new"
  chmod 0755 "$prefix/cbc.new"
  mv -f "$prefix/cbc.new" "$prefix/cbc"
fi

banner=$("$prefix/cbc" -quit 2>&1) || fail 1 "$prefix/cbc does not run here: $(printf '%s' "$banner" | tail -n 1)"
case $banner in
  *'Version: 2.10.3'*'Build Date: Dec 15 2019'*) ;;
  *) fail 1 "$prefix/cbc does not report version 2.10.3 of Dec 15 2019" ;;
esac
printf 'CBC 2.10.3 of Dec 15 2019 is installed. In config.toml:\n'
printf '[solver]\ncbc = "%s"\n' "$prefix/cbc"
