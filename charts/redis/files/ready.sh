#!/bin/bash
# Ready: a primary, or a replica whose link to the primary is up.
. /opt/dsp/lib.sh
resolve_members
export ASK_S=2
state=$(ask 127.0.0.1 6379 INFO replication) || exit 1
if [ -n "$previous" ]; then
  # Once every other takes the new password, it is the one to show.
  wanted=$(outgoing_password)
  [[ $(ask 127.0.0.1 6379 CONFIG GET masterauth) == *"$wanted" ]] || ask 127.0.0.1 6379 CONFIG SET masterauth "$wanted" > /dev/null
fi
case $state in
  *role:master*) exit 0 ;;
  *master_link_status:up*) exit 0 ;;
  *) echo "the link to the primary is down"; exit 1 ;;
esac
