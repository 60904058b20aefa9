#!/bin/sh
# A hook of ih-miner that posts the result of a run to a Telegram chat. Needs curl and jq.
#
#   [hooks]
#   on_won = ["/etc/ih-miner/hooks/telegram.sh", "/etc/ih-miner/telegram.conf"]
#   on_error = ["/etc/ih-miner/hooks/telegram.sh", "/etc/ih-miner/telegram.conf"]
#
# telegram.conf has the owner root, the group ih-miner and mode 640, and contains two lines of shell:
#
#   token='123456:the token that @BotFather gave'
#   chat='the number of the chat'
#
# The result document comes on stdin (docs/hooks.md).
set -eu

# shellcheck source=/dev/null
. "${1:?telegram.sh: name the file with token and chat}"

text=$(jq --raw-output '
  if .error then "ih-miner: \(.job) failed: \(.error.message)"
  else "ih-miner \(.hotkey[0:6])…: \(.won_hashrate_ph) PH/s won (\(.won_count) workers), " +
    "\(.lost_hashrate_ph) PH/s lost (\(.lost_count)), until about \(.window.last_block_time)"
  end | .[0:4000]')

# The URL goes through stdin: on the command line, every user of the host could read the token.
printf 'url = "%s/bot%s/sendMessage"\n' "${api:-https://api.telegram.org}" "${token:?}" |
  curl --config - --silent --show-error --fail --max-time 20 --output /dev/null \
    --data-urlencode "chat_id=${chat:?}" --data-urlencode "text=$text"
