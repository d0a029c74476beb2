#!/bin/bash
# Runs keepalived beside a loop that watches HAProxy. The loop asks five times a second over loopback and starts no process to do
# so; keepalived sees a change of its verdict at once (inotify) and gives the address up while the verdict is not 0.
set -euo pipefail
state=/run/edge
verdict=$state/verdict
conf=$state/keepalived.conf

peers=""
own=""
for peer in $PEERS; do
  if [ "$peer" = "$HOST_IP" ]; then own=$peer; else peers="$peers $peer"; fi
done
if [ -z "$own" ]; then
  echo "this node's address $HOST_IP is not among the edge nodes ($PEERS): correct edge.peers in the stack's settings" >&2
  exit 1
fi

# Unless one is named and there, the address goes on the interface that has the node's own.
if [ -z "$INTERFACE" ] || ! [ -e "/sys/class/net/$INTERFACE" ]; then
  found=$(ip -o -4 address show | awk -v own="$own/" 'index($4, own) == 1 { print $2; exit }')
  [ -z "$INTERFACE" ] || echo "this node has no interface $INTERFACE: taking $found" >&2
  INTERFACE=$found
fi

# The folder outlives the container: what it says of a keepalived before is not true any more.
rm -rf $state && mkdir $state
mkfifo $state/notify
exec 4<> $state/notify

# Until HAProxy has answered once, this edge must not lead. The role: MASTER holds the address, BACKUP does not, FAULT may not.
echo 1 > "$verdict"
echo STARTING > $state/role

{
  cat <<CONF
global_defs {
    router_id $SITE
    vrrp_version 3
    vrrp_notify_fifo $state/notify
    vrrp_higher_prio_send_advert true
    vrrp_garp_master_delay 1
    vrrp_garp_master_refresh 2
    vrrp_garp_master_repeat 3
}
track_file edge {
    file $verdict
    weight 0
}
vrrp_instance edge {
    state BACKUP
    nopreempt
    interface $INTERFACE
    virtual_router_id $ROUTER_ID
    priority $PRIORITY
    advert_int 0.2
    unicast_src_ip $own
    unicast_peer {
CONF
  for peer in $peers; do echo "        $peer"; done
  cat <<CONF
    }
    virtual_ipaddress {
        $VIRTUAL_IP/$PREFIX_LENGTH dev $INTERFACE
    }
    track_file {
        edge weight 0
    }
}
CONF
} > "$conf"

# 0: HAProxy lets this edge lead. 1: it does not answer in time. 2: it says no, or nobody listens, which is certain at once.
# `took`: microseconds from the question to the answer, or until there was none.
took=0
ask_haproxy() {
  local status="" askedUs=${EPOCHREALTIME/[.,]/}
  exec 3<> /dev/tcp/127.0.0.1/8405 || return 2
  printf 'GET /lead HTTP/1.0\r\n\r\n' >&3
  read -r -t "$1" _ status _ <&3 || true
  exec 3>&-
  took=$((${EPOCHREALTIME/[.,]/} - askedUs))
  case "$status" in 200) return 0 ;; 503) return 2 ;; *) return 1 ;; esac
} 2> /dev/null

# Who has answered within 0.1 s for three seconds, and then three times not at all, is frozen: that is certain after 0.4 s, as long as this loop itself
# is on time. Otherwise, and for a while after each change of role, when all clients shake hands, there is more patience. (An answer takes 0.04 s: bash
# writes a line at a time, and the kernel keeps the second until the first is acknowledged.)
watch() {
  local last=1 failures=0 calm=0 now answer role
  while true; do
    answer=0
    if [ $calm -ge 15 ]; then
      ask_haproxy 0.14 || answer=$?
      if [ $answer -eq 1 ]; then
        if [ $took -gt 200000 ]; then calm=0 failures=0; continue; fi
        failures=$((failures + 1))
        if [ $failures -lt 3 ]; then continue; fi
        answer=2
      fi
    else
      ask_haproxy 0.5 || answer=$?
    fi
    if [ $answer -eq 0 ]; then failures=0; else failures=$((failures + answer)); fi
    if [ $answer -eq 0 ] && [ $took -lt 100000 ]; then calm=$((calm + 1)); else calm=0; fi
    # One answer may be late on a busy machine; two in a row are a verdict.
    if [ $failures -eq 0 ]; then now=0; elif [ $failures -ge 2 ]; then now=1; else now=$last; fi
    if [ $now -ne $last ]; then
      echo $now > "$verdict"
      last=$now
      echo "verdict $now" >&2
    fi
    # keepalived tells each new state here; waiting for one in vain is a sleep without a process.
    if read -r -t 0.2 -u 4 _ _ role _; then
      calm=0
      echo "$role" > $state/role
    fi
  done
}

# $1: what runs it, $2: the script.
keep_running() {
  while true; do
    "$1" "$2" || echo "${2##*/} ended with status $?; begun anew in 5 s" >&2
    sleep 5
  done
}

# Clients of an edge that dies learn it from the next one.
keep_running perl /opt/edge/resets.pl &
# Who may end connections of this machine is this container; beats.pl, which has no rights, says whose.
keep_running bash /opt/edge/cut.sh &
watch &
exec keepalived --dont-fork --log-console --log-detail --use-file "$conf" \
  --pid $state/keepalived.pid --vrrp_pid $state/vrrp.pid --vrrp
