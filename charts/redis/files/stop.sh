#!/bin/bash
# Before this pod's Redis stops: if it is the primary, another takes over first, so that a planned stop costs a moment and no key.
set -uo pipefail
. /opt/dsp/lib.sh
resolve_members
role() { ask 127.0.0.1 6379 ROLE | head -n 1; }

[ "$(role)" = master ] || exit 0
for member in $members; do
  [ "$member" = "$self" ] && continue
  peer=$(address "$member")
  [ "$(ask "$peer" 26379 SENTINEL FAILOVER "$PRIMARY_NAME")" = OK ] && break
done
# Until the Sentinels name another: from then on clients go there.
for _ in $(seq 40); do
  view=$(sentinel_view "$peer") && [ "${view#* }" != "$own" ] && exit 0
  sleep 0.1
done
exit 0
