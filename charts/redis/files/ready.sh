#!/bin/bash
# Ready: a primary, or a replica whose link to the primary is up.
export REDISCLI_AUTH
REDISCLI_AUTH=$(</etc/redis-password/password)
state=$(redis-cli --no-auth-warning INFO replication) || exit 1
case $state in
  *role:master*) exit 0 ;;
  *master_link_status:up*) exit 0 ;;
  *) echo "the link to the primary is down"; exit 1 ;;
esac
