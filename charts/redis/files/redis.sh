#!/bin/bash
# Starts this pod's Redis in the right role. The Sentinels decide who is primary, and two of three must have answered: the answer of
# the highest configuration epoch counts, because any two of three hold the last one that was agreed. So two pods never both start
# as primary, whatever was stopped and in whatever order it comes back.
set -euo pipefail
. /opt/dsp/lib.sh
umask 077
resolve_members

choose_primary() {
  best_epoch=-1 best_address="" answers=0
  for member in $members; do
    host=$(address "$member")
    # One's own Sentinel is asked inside the pod.
    [ "$member" = "$self" ] && host=127.0.0.1
    view=$(sentinel_view "$host") || continue
    answers=$((answers + 1))
    if [ "${view%% *}" -gt "$best_epoch" ]; then
      best_epoch=${view%% *}
      best_address=${view#* }
    fi
  done
  [ "$answers" -ge "$QUORUM" ]
}

# Only the append-only file counts: Redis starts from nothing else when it is on.
has_data() { [ -n "$(ls -A /data/appendonlydir 2>/dev/null)" ]; }

# Whether another pod's Redis answers and holds keys: then an empty one must not lead, or all would copy its emptiness.
others_hold_data() {
  for member in $members; do
    [ "$member" = "$self" ] && continue
    size=$(ask "$(address "$member")" 6379 DBSIZE) || continue
    [ "${size:-0}" -gt 0 ] 2>/dev/null && return 0
  done
  return 1
}

waited=0
while true; do
  if ! choose_primary; then
    [ $((waited % 10)) -ne 0 ] || say "waiting for $QUORUM Sentinels to answer"
  elif [ "$best_address" = "$own" ] && ! has_data && others_hold_data; then
    [ $((waited % 10)) -ne 0 ] || say "this pod lost its data: waiting for the Sentinels to choose another primary"
  else
    break
  fi
  waited=$((waited + 1))
  sleep 0.5
done

note_certificate redis
tls_settings 6379 > /run/redis/redis.conf
cat >> /run/redis/redis.conf <<CONF
bind * -::*
dir /data
protected-mode no
user default $accepted sanitize-payload ~* &* +@all
masterauth $(outgoing_password)
replica-announce-ip $own
replica-announce-port 6379
appendonly yes
appendfsync everysec
save ""
maxmemory ${MAX_MEMORY_MI}mb
maxmemory-policy noeviction
min-replicas-to-write $REPLICAS_TO_WRITE
min-replicas-max-lag $REPLICA_LAG_MAX_S
repl-ping-replica-period 1
repl-timeout 5
repl-diskless-sync yes
repl-diskless-sync-delay 0
tcp-keepalive 5
timeout 0
hz 10
CONF
if [ "$best_address" = "$own" ]; then
  say "starting as primary (epoch $best_epoch)"
else
  say "starting as replica of $best_address (epoch $best_epoch)"
  printf 'replicaof %s 6379\n' "$best_address" >> /run/redis/redis.conf
fi
exec redis-server /run/redis/redis.conf
