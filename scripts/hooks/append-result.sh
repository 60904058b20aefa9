#!/bin/sh
# A hook of ih-miner that appends a line for each window to a CSV file. Needs jq.
#
#   [hooks]
#   on_result = ["/etc/ih-miner/hooks/append-result.sh", "/var/lib/ih-miner/results.csv"]
#
# The result document comes on stdin (docs/hooks.md).
set -eu

file=${1:?append-result.sh: name the file to append to}

line=$(jq --raw-output '[
  .window.first_block_time, .window.first_block, .window.index,
  .won_hashrate_ph, .lost_hashrate_ph, .won_count, .lost_count,
  .budget_ph, .ambiguous, .reason, .status
] | @csv')

if [ ! -s "$file" ]; then
  echo 'begins,first_block,window,won_ph,lost_ph,won_workers,lost_workers,budget_ph,ambiguous,reason,status' >"$file"
fi
printf '%s\n' "$line" >>"$file"
