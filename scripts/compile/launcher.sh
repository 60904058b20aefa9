#!/bin/sh
# ih-miner @VERSION@ for @TARGET@, in one file: this script, then a compressed archive of Deno @DENO_VERSION@
# and the program. The first start unpacks the archive into a cache folder; every start verifies the unpacked files.
#
# The cache folder is $IH_MINER_CACHE, else $CACHE_DIRECTORY (set by systemd), else ih-miner in the user's cache
# folder, else a private folder under /var/tmp. It has a subfolder for each version.
# The words of $IH_MINER_RUNNER are put before the program, such as "qemu-aarch64-static -L ROOT" on another machine.
# shellcheck disable=SC2015,SC2046,SC2174  # a && b || fail; numbers of stat, meant to be split; only the last folder is ours
set -eu

release=@RELEASE@
payload_offset=@PAYLOAD_OFFSET@
# Size and name of each file.
manifest='@MANIFEST@'
# Hash and name of each file, as sha256sum -c reads them.
hashes='@HASHES@'

fail() {
  printf 'ih-miner: %s\n' "$1" >&2
  exit 1
}

# This script needs a few programs; the agent gets the original PATH.
path_was_set=${PATH+yes}
given_path=${PATH-}
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH

me=$(id -u)

# Requires a real folder that this user or root owns and no other user can write: others could put a program there.
check_folder() {
  [ ! -L "$1" ] && [ -d "$1" ] || fail "$1 is not a folder; remove it, or set IH_MINER_CACHE to another one"
  set -- "$1" $(stat -c '%u %a' "$1")
  [ "$2" = "$me" ] || [ "$2" = 0 ] ||
    fail "$1 belongs to user $2, neither to this one ($me) nor to root; remove it, or set IH_MINER_CACHE to another one"
  case $3 in
    *[2367] | *[2367]?) fail "$1 can be written by others (mode $3); chmod go-w it, or set IH_MINER_CACHE to another one" ;;
  esac
}

check_file() {
  [ ! -L "$1" ] && [ -f "$1" ] || fail "$1 is missing or not a file; remove $folder, and the next start unpacks it again"
  set -- "$1" "$2" $(stat -c '%u %a %s' "$1")
  [ "$3" = "$me" ] || [ "$3" = 0 ] || fail "$1 belongs to user $3, neither to this one ($me) nor to root; remove $folder"
  case $4 in
    *[2367] | *[2367]?) fail "$1 can be written by others (mode $4); remove $folder, and the next start unpacks it again" ;;
  esac
  [ "$5" = "$2" ] || fail "$1 has $5 bytes, not $2; remove $folder, and the next start unpacks it again"
}

check_release() {
  check_folder "$folder"
  # A here-document, not a pipe: fail must end this shell.
  while read -r size name; do
    check_file "$folder/$name" "$size"
  done <<EOF
$manifest
EOF
}

usable() {
  (umask 022 && mkdir -p -m 700 "$1") 2>/dev/null && [ -w "$1" ] || [ -d "$1/$release" ]
}

# systemd can set several folders, separated by colons.
systemd_cache=${CACHE_DIRECTORY-}
systemd_cache=${systemd_cache%%:*}
user_cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
if [ -n "${IH_MINER_CACHE-}" ]; then
  cache=$IH_MINER_CACHE
elif [ -n "$systemd_cache" ]; then
  cache=$systemd_cache
elif [ -n "$user_cache" ] && usable "$user_cache/ih-miner"; then
  cache=$user_cache/ih-miner
else
  cache=/var/tmp/ih-miner-$me
fi
usable "$cache" || fail "$cache cannot be created or written; set IH_MINER_CACHE to a folder that this user can write"
check_folder "$cache"
cache=$(cd "$cache" && pwd -P)
folder=$cache/$release

unpack() {
  # Remove what starts left that were killed while unpacking. find fails when another start removes its folder meanwhile.
  find "$cache" -maxdepth 1 -name '.unpack.*' -mmin +60 -exec rm -rf {} + 2>/dev/null || true
  work=$(mktemp -d "$cache/.unpack.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  mkdir -m 700 "$work/$release"
  (umask 022 && tail -c "+$payload_offset" "$0" | gzip -dc 2>/dev/null | tar -xof - -C "$work/$release") ||
    fail "$0 cannot be unpacked into $cache: the disk is full or the file is damaged; make room, or copy it again"
  (cd "$work/$release" && printf '%s\n' "$hashes" | sha256sum -c --status) ||
    fail "$0 is damaged: the unpacked files differ from the packed ones; copy it again"
  # shellcheck disable=SC2086  # words
  $runner "$work/$release/deno" --version >/dev/null 2>&1 ||
    fail "the program in $0 does not run in $cache: it is for @TARGET@, this machine is $(uname -m); or the folder is mounted noexec (set IH_MINER_CACHE to another one)"
  # Atomically, so that no process sees an incomplete folder. When two starts race, the second finds it there.
  mv -T "$work/$release" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "$folder cannot be created"
  rm -rf "$work"
  trap - EXIT HUP INT TERM
}

runner=${IH_MINER_RUNNER-}
[ -e "$folder" ] || [ -L "$folder" ] || unpack
check_release

# shellcheck disable=SC2086  # words
set -- $runner "$folder/deno" run --quiet --cached-only --no-remote --no-npm --no-config --no-lock @FLAGS@ \
  "$folder/main.js" "$@"
program=$(command -v "$1") || fail "IH_MINER_RUNNER: there is no program $1"
shift

# Deno's own caches stay apart from the user's.
DENO_DIR=$folder/deno-dir
DENO_NO_UPDATE_CHECK=1
export DENO_DIR DENO_NO_UPDATE_CHECK
if [ -n "$path_was_set" ]; then PATH=$given_path; else unset PATH; fi
exec "$program" "$@"
