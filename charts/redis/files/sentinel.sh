#!/bin/bash
# Starts this pod's Sentinel. What it learned before (epochs, primary, replicas) is kept on the volume and wins: only a Sentinel
# that never ran believes in redis-0.
set -euo pipefail
. /opt/dsp/lib.sh
umask 077
resolve_members
conf=/data/sentinel.conf
outgoing=$(outgoing_password)

if ! grep -qs "^sentinel monitor $PRIMARY_NAME " "$conf"; then
  say "first start: redis-0 is taken for the primary"
  printf 'sentinel monitor %s %s 6379 %s\n' "$PRIMARY_NAME" "$(address 0)" "$QUORUM" > "$conf.new"
  mv "$conf.new" "$conf"
fi

# Settings are written anew at each start, so that a changed password or timing reaches a Sentinel that ran before.
set_lines='^(#.*|[[:space:]]*|port|tls-[a-z-]+|dir|bind|protected-mode|requirepass|user|loglevel|logfile|sentinel (auth-pass|sentinel-pass|sentinel-user|announce-ip|announce-port|down-after-milliseconds|failover-timeout|parallel-syncs|deny-scripts-reconfig|resolve-hostnames))( |$)'
note_certificate sentinel
{
  tls_settings 26379
  cat <<CONF
bind * -::*
dir "/data"
protected-mode no
# Anybody inside may ask who is primary and listen for changes; to command takes the password.
user default on nopass sanitize-payload &* -@all +@connection -client|kill +info +role +subscribe +psubscribe +unsubscribe +punsubscribe +sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|slaves +sentinel|sentinels +sentinel|myid +sentinel|ckquorum
user dsp $accepted allchannels +@all
sentinel sentinel-user dsp
sentinel sentinel-pass $outgoing
sentinel announce-ip "$own"
sentinel announce-port 26379
CONF
  grep -Ev "$set_lines" "$conf" || true
  cat <<CONF
sentinel auth-pass $PRIMARY_NAME $outgoing
sentinel down-after-milliseconds $PRIMARY_NAME $DOWN_AFTER_MS
sentinel failover-timeout $PRIMARY_NAME $FAILOVER_TIMEOUT_MS
sentinel parallel-syncs $PRIMARY_NAME 2
CONF
} > "$conf.new"
mv "$conf.new" "$conf"
exec redis-server "$conf" --sentinel
