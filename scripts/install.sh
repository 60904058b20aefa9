#!/bin/sh
# Installs, upgrades or removes ih-miner on a host with systemd. Needs no internet. You can run it again at any time.
#
# Each run replaces the program in /usr/local/bin and the units in /usr/local/lib/systemd/system. Files in /etc
# (configuration, drop-ins) are the operator's: they are written once and never changed again.
set -eu

usage() {
  cat <<'EOF'
install.sh PROGRAM [OPTIONS]   install ih-miner, or upgrade it to PROGRAM
install.sh --rollback          go back to the version before; a second --rollback returns to the newer one
install.sh --uninstall         remove the program and its units; configuration and state stay

Settings of a new configuration. Without an option, the script asks; without a terminal, it uses the default:
  --network NAME         finney, test, a ws:// or wss:// URL             (finney)
  --netuid N             the subnet                                      (89)
  --wallet-dir DIR       the folder of the wallets                       (/etc/ih-miner/wallets)
  --wallet-name NAME     the wallet                                      (default)
  --hotkey-name NAME     its hotkey                                      (default)
  --price MULTIPLE       the price, as a multiple of the hashprice       (1.05)
  --sizes LIST           worker sizes, PH/s x count: 0.45x10,0.25x4      (no default)
  --proxy MODE           ihp, braiins or none                            (ihp)
  --proxy-file FILE      its pools.toml or active_profile.toml           (no default)
  --sentinel FILE        the file that triggers the proxy's reload       (beside the proxy's file)
  --pool-name NAME       the subnet's pool in pools.toml                 (central-proxy)
  --proxy-unit UNIT      the proxy's systemd unit, which gets SIGHUP at each reload; none: a sidecar of the proxy
                         sends it                                        (none)

  --yes                  do not ask
  --no-start             do not start or restart the agent
  --root DIR             install below DIR, without users and systemd: for images and tests
EOF
}

say() { printf '%s\n' "$*"; }
did() { printf '  %s\n' "$*"; }
wrong() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 2
}

program='' root='' rollback=no uninstall=no ask=yes start=yes
network='' netuid='' wallet_dir='' wallet_name='' hotkey_name='' price='' sizes=''
proxy='' proxy_file='' sentinel='' pool_name='' proxy_unit=''
while [ $# -gt 0 ]; do
  case $1 in
    --network | --netuid | --wallet-dir | --wallet-name | --hotkey-name | --price | --sizes | --proxy | --proxy-file | \
      --sentinel | --pool-name | --proxy-unit | --root)
      [ $# -ge 2 ] || wrong "$1 needs a value"
      name=$(printf '%s' "${1#--}" | tr - _)
      eval "$name=\$2"
      shift 2
      ;;
    --rollback) rollback=yes && shift ;;
    --uninstall) uninstall=yes && shift ;;
    --yes) ask=no && shift ;;
    --no-start) start=no && shift ;;
    -h | --help) usage && exit 0 ;;
    -*) wrong "unknown option $1; see --help" ;;
    *)
      [ -z "$program" ] || wrong "unexpected argument $1; see --help"
      program=$1
      shift
      ;;
  esac
done

here=$(cd "$(dirname "$0")" && pwd)
root=${root%/}
bin=$root/usr/local/bin
units=$root/usr/local/lib/systemd/system
etc=$root/etc/ih-miner
dropins=$root/etc/systemd/system
config=$etc/config.toml
user=ih-miner
[ -n "$root" ] || [ "$(id -u)" = 0 ] || wrong "must be run as root (or with --root DIR)"
[ -t 0 ] || ask=no

# A package of Debian's beside this installation would be started by the same units, or hidden by them.
if [ -z "$root" ] && [ "$uninstall" = no ] && command -v dpkg-query >/dev/null &&
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' ih-miner 2>/dev/null)" = installed ]; then
  wrong "the Debian package ih-miner is installed here; install the new version with apt install ./FILE.deb, or remove it first with apt remove ih-miner"
fi

# Whether systemd runs and this installation is for this host.
with_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# The sources of the units, as file:name. ih-miner-reload serves under two names: for one agent, and for one of several.
unit_files='ih-miner.service:ih-miner.service ih-miner@.service:ih-miner@.service
  ih-miner-shared.conf:ih-miner.service.d/00-shared.conf ih-miner-shared.conf:ih-miner@.service.d/00-shared.conf
  ih-miner-reload.path:ih-miner-reload.path ih-miner-reload.path:ih-miner-reload@.path
  ih-miner-reload.service:ih-miner-reload.service ih-miner-reload.service:ih-miner-reload@.service'

# The man page and the shells' completions, which the archive of a release has in share/, beside this folder.
shell_files='man/man1/ih-miner.1 bash-completion/completions/ih-miner zsh/site-functions/_ih-miner
  fish/vendor_completions.d/ih-miner.fish'

# Names the units of patterns that are loaded, and with --all those that are only enabled, too.
instances() { # [--all,] patterns
  options=''
  if [ "$1" = --all ]; then options=--all && shift; fi
  # shellcheck disable=SC2086  # empty, or one word
  systemctl list-units $options --plain --no-legend --no-pager "$@" | awk '{print $1}'
}

# Starts the agents with the program that is installed now, unless --no-start.
start_agents() {
  [ "$start" = yes ] || return 0
  running=$(instances 'ih-miner@*.service')
  # The previous version uses its unpacked files until it has stopped; the new one does not need them.
  # shellcheck disable=SC2086  # words
  systemctl stop ih-miner.service $running
  find /var/cache/ih-miner -mindepth 1 -maxdepth 1 -exec rm -rf {} +
  if systemctl --quiet is-enabled ih-miner.service 2>/dev/null; then running="ih-miner.service $running"; fi
  for unit in $running; do
    systemctl start "$unit"
    did "started $unit"
  done
}

# What a program says of its version. The self-extracting form unpacks into $work: root needs no copy of its own.
version_of() { IH_MINER_CACHE="$work/cache" "$1" --version; }

# Refuses a host that the program cannot run on, and says why.
check_host() {
  machine=$(uname -m)
  case $machine in
    x86_64 | aarch64) ;;
    i?86 | arm*) wrong "this system has 32 bits ($machine), and ih-miner needs 64. Where the processor has them, as in a Raspberry Pi 3 or later, install the 64-bit edition of the system" ;;
    *) wrong "ih-miner runs on x86-64 and ARM64; this machine is $machine" ;;
  esac
  bits=$(getconf LONG_BIT 2>/dev/null) || bits=64
  [ "$bits" = 64 ] || wrong "the kernel has 64 bits ($machine), but the system's programs have $bits, and ih-miner needs 64; install the 64-bit edition of the system"
  # getconf is part of glibc, but not on every host.
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1)
  case $libc in
    glibc\ * | *GLIBC* | *"GNU libc"*) ;;
    *musl*) wrong "this system uses musl, and ih-miner needs glibc 2.27 or newer, as Debian 10, Ubuntu 18.04 and later have it" ;;
    # Unknown: the program itself shows whether it runs.
    *) return 0 ;;
  esac
  glibc=${libc##* }
  minor=${glibc#2.}
  minor=${minor%%[!0-9]*}
  case $glibc in
    2.[0-9]*)
      [ "$minor" -ge 27 ] ||
        wrong "this system has glibc $glibc, and ih-miner needs 2.27 or newer, as Debian 10, Ubuntu 18.04 and later have it"
      ;;
  esac
}

# Refuses a program for another machine. A script is the self-extracting form, which says so itself.
check_machine() { # program
  case $(od -An -tx1 -N20 "$1" | tr -d ' \n') in
    7f454c46????????????????????????????3e00) for=x86_64 ;;
    7f454c46????????????????????????????b700) for=aarch64 ;;
    7f454c46*) for="another machine" ;;
    *) return 0 ;;
  esac
  [ "$for" = "$machine" ] || wrong "$1 is for $for, and this machine is $machine; take the file for $machine"
}

if [ "$uninstall" = yes ]; then
  say "Removing ih-miner:"
  if with_systemd; then
    for unit in ih-miner.service ih-miner-reload.path $(instances --all 'ih-miner@*.service' 'ih-miner-reload@*.path'); do
      if systemctl disable --now "$unit" 2>/dev/null; then did "stopped $unit"; fi
    done
  fi
  for file in "$bin/ih-miner" "$bin/ih-miner.previous"; do
    if [ -e "$file" ]; then rm -f "$file" && did "removed $file"; fi
  done
  for pair in $unit_files; do
    file=$units/${pair#*:}
    if [ -e "$file" ]; then rm -f "$file" && did "removed $file"; fi
    case $file in *.d/*) rmdir "$(dirname "$file")" 2>/dev/null || true ;; esac
  done
  for name in $shell_files; do
    file=$root/usr/local/share/$name
    if [ -e "$file" ]; then rm -f "$file" && did "removed $file"; fi
  done
  # They contain only what the program unpacked: the self-extracting form itself, and the bundled solver.
  for folder in "$root/var/cache/ih-miner" "$root/var/lib/ih-miner/solver" "$root"/var/lib/ih-miner/instances/*/solver; do
    if [ -d "$folder" ]; then rm -rf "$folder" && did "removed $folder"; fi
  done
  if with_systemd; then systemctl daemon-reload; fi
  say "Kept, because they are yours:"
  for kept in "$etc" "$dropins"/ih-miner.service.d "$dropins"/ih-miner@*.d "$dropins"/ih-miner-reload.*.d \
    "$dropins"/ih-miner-reload@*.d "$root/var/lib/ih-miner"; do
    if [ -e "$kept" ]; then did "$kept"; fi
  done
  if [ -z "$root" ] && id "$user" >/dev/null 2>&1; then did "the user $user (userdel $user removes it)"; fi
  say "The last bid stays valid on the chain for up to 150 minutes."
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ "$rollback" = yes ]; then
  [ -z "$program" ] || wrong "--rollback takes no program; it goes back to $bin/ih-miner.previous"
  [ -f "$bin/ih-miner.previous" ] ||
    wrong "there is no $bin/ih-miner.previous to go back to; to install a version, name its file: install.sh ./ih-miner"
  before=$(version_of "$bin/ih-miner.previous") || wrong "$bin/ih-miner.previous does not run here; nothing was changed"
  say "Going back to $before:"
  # Atomically, and a kill at any moment leaves both versions.
  cp -p "$bin/ih-miner" "$bin/ih-miner.newer"
  mv -f "$bin/ih-miner.previous" "$bin/ih-miner"
  mv -f "$bin/ih-miner.newer" "$bin/ih-miner.previous"
  did "wrote $bin/ih-miner, and kept what was there as $bin/ih-miner.previous"
  if with_systemd; then start_agents; fi
  say "Done. Units, configuration and state stay as they are."
  exit 0
fi

[ -n "$program" ] || wrong "name the program to install: install.sh ./ih-miner; see --help"
[ -f "$program" ] || wrong "there is no file $program"
[ -x "$program" ] || wrong "$program is not executable; run chmod +x $program"
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
for pair in $unit_files; do
  [ -f "$here/${pair%%:*}" ] || wrong "$here/${pair%%:*} is missing; copy the whole scripts folder"
done

check_host
check_machine "$program"
version=$(version_of "$program") || wrong "$program does not run here"

# Takes a setting from its option, else asks for it, else uses the default. Fails when there is no value.
setting() { # name, question, default
  eval "value=\${$1}"
  if [ -z "$value" ] && [ "$ask" = yes ]; then
    printf '%s%s: ' "$2" "${3:+ [$3]}"
    read -r value || value=''
  fi
  value=${value:-$3}
  [ -n "$value" ] || wrong "--$(printf '%s' "$1" | tr _ -) is needed: $2"
  eval "$1=\$value"
}

# A value as TOML's basic string.
quoted() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

# 0.45x10,0.25x4 → "0.45" = 10, "0.25" = 4
size_table() {
  table=''
  rest=$1,
  while [ -n "$rest" ]; do
    part=${rest%%,*}
    rest=${rest#*,}
    printf '%s' "$part" | grep -Eq '^[0-9]*\.?[0-9]+x[0-9]+$' ||
      wrong "--sizes: \"$part\" is not of the form 0.45x10; give PH/s x count, separated by commas"
    table="$table${table:+, }\"${part%x*}\" = ${part#*x}"
  done
  printf '%s' "$table"
}

# Accepts only absolute paths that need no quoting in systemd units.
plain_path() { # what, path
  case $2 in
    /*) ;;
    *) wrong "$1: $2 is not an absolute path" ;;
  esac
  printf '%s' "$2" | grep -Eq '^[A-Za-z0-9/._@+-]+$' || wrong "$1: $2 has characters that need quoted strings in systemd units; use another path"
}

write_config() { # file
  setting network "Chain (finney, test or a URL)" finney
  setting netuid "Subnet" 89
  setting wallet_dir "Folder of the wallets" /etc/ih-miner/wallets
  setting wallet_name "Wallet" default
  setting hotkey_name "Hotkey" default
  setting price "Price, as a multiple of the hashprice" 1.05
  setting sizes "Worker sizes, PH/s x count, such as 0.45x10,0.25x4" ''
  setting proxy "Proxy (ihp, braiins or none)" ihp
  printf '%s' "$netuid" | grep -Eq '^[0-9]+$' || wrong "--netuid: \"$netuid\" is not a number"
  plain_path --wallet-dir "$wallet_dir"
  table=$(size_table "$sizes") || exit 2
  case $proxy in
    none) routing='# No [routing]: install.sh was run with --proxy none.' ;;
    ihp | braiins)
      setting proxy_file "The proxy's file (pools.toml or active_profile.toml)" ''
      folder=$(dirname "$proxy_file")
      if [ "$proxy" = ihp ]; then
        setting pool_name "The subnet's pool in it" central-proxy
        setting sentinel "The reload sentinel" "$folder/.reload-ihp"
        keys="pools_path = $(quoted "$proxy_file")
subnet_pool_name = $(quoted "$pool_name")"
      else
        setting sentinel "The reload sentinel" "$folder/.reconfigure"
        keys="profile_path = $(quoted "$proxy_file")"
      fi
      plain_path --proxy-file "$proxy_file"
      plain_path --sentinel "$sentinel"
      routing="[routing]
mode = \"$proxy\"
$keys
sentinel_path = $(quoted "$sentinel")"
      ;;
    *) wrong "--proxy must be ihp, braiins or none; it is \"$proxy\"" ;;
  esac
  cat >"$1" <<EOF
# Written once by install.sh. The agent reads this file at each run, so changes need no restart.
# docs/configuration.md documents every key.
[bittensor]
network = $(quoted "$network")
netuid = $netuid

[wallet]
name = $(quoted "$wallet_name")
hotkey_name = $(quoted "$hotkey_name")
directory = $(quoted "$wallet_dir")

[workers]
price_multiplier = $(quoted "$price")
worker_sizes = { $table }

$routing

[state]
directory = "/var/lib/ih-miner"
EOF
}

# Installs a file atomically; a running program keeps the old one.
put() { # from, to, mode
  mkdir -p "$(dirname "$2")"
  if [ -f "$2" ] && cmp -s "$1" "$2"; then
    did "$2 is up to date"
    return
  fi
  cp "$1" "$2.new"
  chmod "$3" "$2.new"
  mv -f "$2.new" "$2"
  did "wrote $2"
}

# Installs a file that belongs to the operator from then on; an existing file is kept.
put_once() { # from, to, mode
  if [ -e "$2" ]; then
    did "kept $2"
  else
    put "$1" "$2" "$3"
  fi
}

# Check a new configuration before installing anything.
if [ ! -e "$config" ]; then
  write_config "$work/config.toml"
  # With a state folder for this check alone: the agent's is still to be given to its user.
  sed "s|^directory = \"/var/lib/ih-miner\"|directory = \"$work/state\"|" "$work/config.toml" >"$work/check.toml"
  IH_MINER_CACHE="$work/cache" "$program" check "$work/check.toml" >"$work/findings" || true
  if grep -E '^fail +(config|bid) ' "$work/findings" >&2; then wrong "these settings are not valid; nothing was installed"; fi
  grep -q '^ok ' "$work/findings" || wrong "$program check printed no result; nothing was installed"
fi

say "Installing $version:"
if [ -z "$root" ] && ! id "$user" >/dev/null 2>&1; then
  useradd --system --user-group --home-dir /var/lib/ih-miner --no-create-home --shell /usr/sbin/nologin "$user"
  did "created the user $user"
fi
if [ -f "$bin/ih-miner" ] && ! cmp -s "$program" "$bin/ih-miner"; then
  cp -p "$bin/ih-miner" "$bin/ih-miner.previous"
  did "kept the previous program as $bin/ih-miner.previous"
fi
put "$program" "$bin/ih-miner" 755
# An upgrade keeps disabled what the operator has disabled.
first=no
[ -e "$units/ih-miner.service" ] || first=yes
for pair in $unit_files; do
  put "$here/${pair%%:*}" "$units/${pair#*:}" 644
done
for name in $shell_files; do
  if [ -f "$here/../share/$name" ]; then put "$here/../share/$name" "$root/usr/local/share/$name" 644; fi
done
mkdir -p "$root/var/lib/ih-miner" "$root/var/cache/ih-miner"
chmod 700 "$root/var/lib/ih-miner" "$root/var/cache/ih-miner"

if [ -e "$config" ]; then
  did "kept $config (edit it to change settings; the options for settings were ignored)"
else
  put "$work/config.toml" "$config" 640
  hotkeys=$wallet_dir/$wallet_name/hotkeys
  {
    printf '# Where the agent finds its files on this host. Written once by install.sh; edit it as you like.\n[Service]\n'
    case $hotkeys in
      /home/* | /root/* | /run/user/*) printf 'BindReadOnlyPaths=-%s\n' "$hotkeys" ;;
    esac
    if [ "$proxy" != none ]; then
      for folder in $(printf '%s\n' "$(dirname "$proxy_file")" "$(dirname "$sentinel")" | sort -u); do
        case $folder in
          /home/* | /root/* | /run/user/*) printf 'BindPaths=-%s\n' "$folder" ;;
          *) printf 'ReadWritePaths=-%s\n' "$folder" ;;
        esac
      done
    fi
  } >"$work/paths.conf"
  put_once "$work/paths.conf" "$dropins/ih-miner.service.d/10-paths.conf" 644
  if [ "$proxy" != none ] && [ "${proxy_unit:-none}" != none ]; then
    plain_path --proxy-unit "/$proxy_unit"
    printf '[Path]\nPathExists=\nPathExists=%s\n' "$sentinel" >"$work/sentinel.conf"
    printf '[Service]\nEnvironment=SENTINEL=%s\nEnvironment=PROXY_UNIT=%s\n' "$sentinel" "$proxy_unit" >"$work/proxy.conf"
    put_once "$work/sentinel.conf" "$dropins/ih-miner-reload.path.d/10-sentinel.conf" 644
    put_once "$work/proxy.conf" "$dropins/ih-miner-reload.service.d/10-proxy.conf" 644
  fi
fi

if [ -z "$root" ]; then
  chown "$user:$user" /var/lib/ih-miner /var/cache/ih-miner
  chown "root:$user" "$config"
fi
if with_systemd; then
  systemctl daemon-reload
  if [ "$first" = yes ]; then
    systemctl enable --quiet ih-miner.service
    if [ -e "$dropins/ih-miner-reload.path.d/10-sentinel.conf" ]; then systemctl enable --quiet --now ih-miner-reload.path; fi
    did "enabled the units"
  fi
  start_agents
fi

say "The user $user needs access to these files:"
did "hotkey: only $user can read it (setfacl -m u:$user:r FILE, or chown $user and chmod 400)"
did "  It is in the folder that [wallet] names and must not be encrypted. The coldkey is not needed."
did "proxy's file: $user can read and write it; the owner stays (setfacl -m u:$user:rw FILE)"
did "folder of the reload sentinel: $user can write to it (setfacl -m u:$user:rwx FOLDER)"

say "Check of $config:"
if [ -n "$root" ]; then
  say "  skipped with --root; run on the host: runuser -u $user -- ih-miner check /etc/ih-miner/config.toml"
else
  IH_MINER_CACHE=/var/cache/ih-miner STATE_DIRECTORY=/var/lib/ih-miner runuser -u "$user" -- \
    "$bin/ih-miner" check "$config" || say "Fix what is marked as fail; the agent tries again by itself."
fi
say "Done. journalctl -u ih-miner -f shows the log; systemctl reload ih-miner runs both jobs now."
