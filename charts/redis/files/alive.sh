#!/bin/bash
# Alive: answers, and does not spin. A connection that Kubernetes refused with an ICMP message, and that was made all the same a
# second later, keeps an error that Redis never fetches (Linux tells of it by EPOLLERR for ever): its loop then turns without end and
# takes a whole core. Only starting anew ends that. $1: redis or sentinel.
. /opt/dsp/lib.sh
last=/run/redis/alive-$1

if [ "$1" = redis ]; then
  stats=$(ASK_S=3 ask 127.0.0.1 6379 INFO stats) || exit 1
  [[ $stats =~ instantaneous_ops_per_sec:([0-9]+) ]] && operations=${BASH_REMATCH[1]}
  [[ $stats =~ instantaneous_eventloop_cycles_per_sec:([0-9]+) ]] && cycles=${BASH_REMATCH[1]}
  # Idle it turns ten times a second, busy about once for each few operations.
  [ "${cycles:-0}" -lt $((3000 + 10 * ${operations:-0})) ] && exit 0
  echo "the event loop turns $cycles times a second for $operations operations"
  exit 1
fi

[ "$(ASK_S=3 ask 127.0.0.1 26379 PING)" = PONG ] || exit 1
if [ -n "$previous" ]; then
  # Once every other takes the new password, it is the one to show.
  resolve_members
  wanted=$(outgoing_password)
  if ! grep -qsF "sentinel auth-pass $PRIMARY_NAME $wanted" /data/sentinel.conf; then
    ask 127.0.0.1 26379 SENTINEL SET "$PRIMARY_NAME" auth-pass "$wanted" > /dev/null
    ask 127.0.0.1 26379 SENTINEL CONFIG SET sentinel-pass "$wanted" > /dev/null
  fi
fi
if is_certificate_new sentinel; then
  # A Sentinel loads none while it runs. It stops, and is started anew at once, in this container.
  echo "there is a new certificate"
  kill 1
  exit 0
fi
# Hundredths of a second: processor time of the Sentinel (process 1), and the clock.
read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ < /proc/1/stat
read -r uptime _ < /proc/uptime
now=${uptime/./}
used=$((user + system))
before=""
[ -r "$last" ] && read -r before_used before < "$last"
echo "$used $now" > "$last"
[ -n "$before" ] && [ "$now" -gt "$before" ] && [ "$used" -ge "$before_used" ] || exit 0
share=$((100 * (used - before_used) / (now - before)))
[ "$share" -lt 20 ] && exit 0
echo "the Sentinel takes $share % of a core"
exit 1
