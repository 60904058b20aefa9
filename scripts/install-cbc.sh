#!/usr/bin/env bash
# Installs the solver that validators run: COIN-OR CBC 2.10.3 of Dec 15 2019, the x86-64 Linux program in the PuLP 3.3
# wheel. With exactly this build ih-miner finds the same winners as the validators; see docs/solver.md.
#
#   scripts/install-cbc.sh [--wheel FILE] [--prefix DIR]
#   scripts/install-cbc.sh --pack OUT [--wheel FILE] [--debs DIR]
#
#   --wheel FILE   use this PuLP 3.3 wheel, or a file that is the program itself, instead of downloading the wheel
#                  with pip: for hosts without internet
#   --prefix DIR   where to install it (default: /usr/local/lib/ih-miner for root, else
#                  ${XDG_CACHE_HOME:-$HOME/.cache}/cbc-2.10.3)
#
#   --pack OUT     install nothing; write what `deno task compile --target aarch64-unknown-linux-gnu --solver OUT` takes:
#                  the program, a static qemu-x86_64 for ARM64, the x86-64 libraries, and their licence texts. Runs on
#                  any Linux machine with dpkg-deb, without root
#   --debs DIR     use the Debian packages in this folder instead of downloading them with apt: qemu-user-static (or
#                  qemu-user) for arm64; libc6, libstdc++6, libgcc-s1, gcc-N-base and base-files for amd64
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
pack=''
debs=''
while [ $# -gt 0 ]; do
  case $1 in
    --wheel | --prefix | --pack | --debs)
      [ $# -ge 2 ] || fail 2 "$1 needs a value; see the head of this file"
      case $1 in
        --wheel) wheel=$2 ;;
        --prefix) prefix=$2 ;;
        --pack) pack=$2 ;;
        --debs) debs=$2 ;;
      esac
      shift 2
      ;;
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
      exit 0
      ;;
    *) fail 2 "unknown argument $1; see --help" ;;
  esac
done
if [ -z "$prefix" ] && [ -z "$pack" ]; then
  if [ "$(id -u)" = 0 ]; then prefix=/usr/local/lib/ih-miner; else prefix=${XDG_CACHE_HOME:-$HOME/.cache}/cbc-2.10.3; fi
fi

[ -z "$pack" ] || [ -z "$prefix" ] || fail 2 '--prefix cannot be used with --pack, which installs nothing'
[ -n "$pack" ] || [ -z "$debs" ] || fail 2 '--debs can only be used with --pack'
host=$(uname -s)-$(uname -m)
case $host in
  Linux-*) [ -z "$pack" ] || host=pack ;;
esac
case $host in
  pack) program='' ;;
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

# Fetches the packages of ARM64's emulator and of the x86-64 libraries into $debs. apt checks their signatures; it works
# in folders of its own here, so that it needs neither root nor a foreign architecture of this machine.
fetch_packages() {
  command -v apt-get >/dev/null ||
    fail 2 "apt-get is missing; download the packages on another machine and pass their folder with --debs DIR"
  debs=$work/debs
  mkdir -p "$debs" "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial"
  local apt=(apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Architectures::=amd64
    -o "Dir::State=$work/apt/state" -o "Dir::Cache=$work/apt/cache" -o Dir::State::status=/dev/null
    -o "APT::Sandbox::User=$(id -un)")
  # A source that has nothing for these architectures fails; what counts is whether the packages are to be had.
  "${apt[@]}" update >"$work/apt/log" 2>&1 || true
  local package base
  for package in libc6:amd64 libstdc++6:amd64 libgcc-s1:amd64 base-files:amd64 qemu-user-static:arm64; do
    download "$package"
  done
  # The licence of the C++ library is in this package.
  base=$(dpkg-deb -f "$(package_file 'libstdc++6' amd64)" Depends | grep -o 'gcc-[0-9]*-base' | head -n 1)
  download "$base:amd64"
  # Newer releases have the static programs in qemu-user.
  contents_of "$(package_file qemu-user-static arm64)" | grep -q '/usr/bin/qemu-x86_64-static$' || download qemu-user:arm64
}

download() { # PACKAGE:ARCHITECTURE
  (cd "$debs" && "${apt[@]}" download "$1" >>"$work/apt/log" 2>&1) ||
    fail 1 "apt cannot download $1 ($(grep '^E:' "$work/apt/log" | tail -n 1 | cut -c1-160)); pass a folder with the packages with --debs DIR"
}

package_file() { # NAME ARCHITECTURE
  local found
  found=$(find "$debs" -maxdepth 1 -name "$1_*_$2.deb" | sort | tail -n 1)
  [ -n "$found" ] || fail 1 "$debs has no package $1 for $2"
  printf '%s' "$found"
}

contents_of() { # FILE
  # To the end, so that dpkg-deb does not fail on a closed pipe.
  dpkg-deb --fsys-tarfile "$1" | tar -tv | awk '/^-/ { print $NF }'
}

# Writes the pack of the program in $work/cbc to $pack.
make_pack() {
  local tool here licences
  for tool in dpkg-deb tar gzip; do command -v "$tool" >/dev/null || fail 2 "$tool is missing; install it"; done
  here=$(cd "$(dirname "$0")" && pwd)
  [ -d "$here/licences" ] || fail 2 "$here/licences is missing; run this script in a checkout"
  [ -d "$(dirname "$pack")" ] || fail 2 "there is no folder $(dirname "$pack")"
  if [ -z "$debs" ]; then fetch_packages; fi
  [ -d "$debs" ] || fail 2 "there is no folder $debs"

  local folder=$work/pack root=$work/root name file
  licences=$folder/licences
  mkdir -p "$licences" "$folder/x86_64-root/lib64" "$folder/x86_64-root/lib/x86_64-linux-gnu" "$root/libraries" "$root/qemu"
  install -m 0755 "$work/cbc" "$folder/cbc"
  cp "$here/licences/EPL-1.0.txt" "$licences/cbc.txt"
  local packages=() emulator=''
  for name in libc6 'libstdc++6' libgcc-s1 'gcc-[0-9]*-base' base-files; do
    file=$(package_file "$name" amd64)
    packages+=("$file")
    dpkg-deb -x "$file" "$root/libraries"
  done
  # qemu's package has more than 200 MB of other machines.
  for name in qemu-user-static qemu-user; do
    if file=$(package_file "$name" arm64 2>/dev/null) && emulator=$(contents_of "$file" | grep -E '/usr/bin/qemu-x86_64(-static)?$'); then
      break
    fi
    emulator=''
  done
  [ -n "$emulator" ] || fail 1 "$debs has no qemu-user-static or qemu-user for arm64 with a qemu-x86_64"
  dpkg-deb --fsys-tarfile "$file" | tar -x -C "$root/qemu" "$emulator" "./usr/share/doc/$name/copyright"
  install -m 0755 "$root/qemu/$emulator" "$folder/qemu-x86_64"
  packages+=("$file")
  cp "$root/qemu/usr/share/doc/$name/copyright" "$licences/qemu.txt"

  take_library ld-linux-x86-64.so.2 "$folder/x86_64-root/lib64"
  for name in libc.so.6 libm.so.6 libpthread.so.0 librt.so.1 libdl.so.2 'libstdc++.so.6' libgcc_s.so.1; do
    take_library "$name" "$folder/x86_64-root/lib/x86_64-linux-gnu"
  done
  cp "$root/libraries/usr/share/doc/libc6/copyright" "$licences/libc6.txt"
  cat "$root"/libraries/usr/share/doc/gcc-*-base/copyright >"$licences/gcc-libraries.txt"
  for name in $(grep -oh '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$licences"/*.txt | sort -u); do
    cp -L "$root/libraries$name" "$licences/$(basename "$name").txt"
  done
  {
    cat "$here/licences/SOURCES.txt"
    printf '\nThe others are from these packages, whose sources the distribution keeps that published them:\n'
    for file in "${packages[@]}"; do
      printf '\n'
      dpkg-deb -f "$file" Package Version Architecture Source Built-Using Static-Built-Using Maintainer
    done
  } >"$licences/SOURCES.txt"

  chmod -R go+rX,u+w "$folder"
  (cd "$folder" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS)
  tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | gzip -9n >"$pack.new"
  mv -f "$pack.new" "$pack"
  printf '%s: %s bytes. Build with it:\n' "$pack" "$(stat -c %s "$pack")"
  printf 'deno task compile --target aarch64-unknown-linux-gnu --solver %s\n' "$pack"
}

take_library() { # NAME FOLDER
  local found
  found=$(find "$root/libraries" -name "$1" -type f | head -n 1)
  [ -n "$found" ] || found=$(find "$root/libraries" -name "$1" -type l | head -n 1)
  [ -n "$found" ] || fail 1 "the packages in $debs have no $1"
  install -m 0644 "$found" "$2/$1"
}

if [ -n "$pack" ]; then
  fetch_program
  make_pack
  exit 0
fi

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
