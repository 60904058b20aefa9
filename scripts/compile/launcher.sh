#!/bin/sh
# ih-miner @VERSION@ for @TARGET@, in one file: this script, then a compressed archive of Deno @DENO_VERSION@
# and the program. The first start unpacks it into a folder of its own; every start checks that folder and runs it.
#
# The folder is $IH_MINER_CACHE, else $CACHE_DIRECTORY (systemd sets it), else ih-miner in the user's cache
# folder, else a private folder under /var/tmp; in it, one folder a version.
# $IH_MINER_RUNNER, some words, is put before the program: "qemu-aarch64-static -L ROOT" on another machine.
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

# Unpacking needs a few programs; the agent gets the PATH it was started with.
path_was_set=${PATH+yes}
given_path=${PATH-}
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH

me=$(id -u)

# Owned by this user or root, a real folder, and nobody else may write: else anybody could put a program there.
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
  [ ! -L "$1" ] && [ -f "$1" ] || fail "$1 is missing or no file; remove $folder, it is unpacked anew"
  set -- "$1" "$2" $(stat -c '%u %a %s' "$1")
  [ "$3" = "$me" ] || [ "$3" = 0 ] || fail "$1 belongs to user $3, neither to this one ($me) nor to root; remove $folder"
  case $4 in
    *[2367] | *[2367]?) fail "$1 can be written by others (mode $4); remove $folder, it is unpacked anew" ;;
  esac
  [ "$5" = "$2" ] || fail "$1 has $5 bytes, not $2; remove $folder, it is unpacked anew"
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
  mkdir -p -m 700 "$1" 2>/dev/null && [ -w "$1" ] || [ -d "$1/$release" ]
}

# systemd may give several folders, separated by colons.
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
usable "$cache" || fail "$cache cannot be made or written; set IH_MINER_CACHE to a folder that this user can write"
check_folder "$cache"
cache=$(cd "$cache" && pwd -P)
folder=$cache/$release

unpack() {
  # Of starts that were killed in the middle.
  find "$cache" -maxdepth 1 -name '.unpack.*' -mmin +60 -exec rm -rf {} +
  work=$(mktemp -d "$cache/.unpack.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  mkdir -m 700 "$work/$release"
  (umask 022 && tail -c "+$payload_offset" "$0" | gzip -dc 2>/dev/null | tar -xof - -C "$work/$release") ||
    fail "$0 cannot be unpacked into $cache: the disk is full or the file is damaged; make room, or copy it again"
  (cd "$work/$release" && printf '%s\n' "$hashes" | sha256sum -c --status) ||
    fail "$0 is damaged: what was unpacked is not what was packed; copy it again"
  # shellcheck disable=SC2086  # words
  $runner "$work/$release/deno" --version >/dev/null 2>&1 ||
    fail "what $0 unpacks does not run in $cache: it is for @TARGET@, this machine is $(uname -m); or the folder is mounted noexec (IH_MINER_CACHE can name another one)"
  # All at once, so that nobody ever sees half of it. Of two that start together, one comes second.
  mv -T "$work/$release" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "$folder cannot be made"
  rm -rf "$work"
  trap - EXIT HUP INT TERM
}

runner=${IH_MINER_RUNNER-}
[ -e "$folder" ] || [ -L "$folder" ] || unpack
check_release

# shellcheck disable=SC2086  # words
set -- $runner "$folder/deno" run --quiet --cached-only --no-remote --no-npm --no-config --no-lock @FLAGS@ \
  "$folder/main.js" "$@"
program=$(command -v "$1") || fail "IH_MINER_RUNNER: $1 is not to be found"
shift

# Deno keeps its own caches where nothing of the user's is.
DENO_DIR=$folder/deno-dir
DENO_NO_UPDATE_CHECK=1
export DENO_DIR DENO_NO_UPDATE_CHECK
if [ -n "$path_was_set" ]; then PATH=$given_path; else unset PATH; fi
exec "$program" "$@"
