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
if is_certificate_new redis; then
  # The three belong together, and so are loaded together; those that are connected stay so.
  files=(tls-cert-file "$tls/tls.crt" tls-key-file "$tls/tls.key" tls-ca-cert-file "$tls/ca.crt")
  [ "$(ask 127.0.0.1 6379 CONFIG SET "${files[@]}")" = OK ] && note_certificate redis && echo "a new certificate is loaded"
fi
case $state in
  *role:master*) exit 0 ;;
  *master_link_status:up*) exit 0 ;;
  *) echo "the link to the primary is down"; exit 1 ;;
esac
