#!/bin/sh
# again.sh TIMES SECONDS COMMAND [ARG...]: runs a command, and again after so many seconds while it exits with 75 (try again later), at
# most TIMES times in all. It exits as the last run did.
set -u
times=$1 seconds=$2
shift 2
while :; do
  "$@" && exit 0
  code=$?
  times=$((times - 1))
  if [ "$code" -ne 75 ] || [ "$times" -le 0 ]; then
    exit "$code"
  fi
  sleep "$seconds"
done
