#!/bin/bash
# Breaks HAProxy's connections to a server that was taken away, in the kernel, so that HAProxy sends again elsewhere what waits on them. Told to
# end those requests itself (on-marked-down, "shutdown sessions"), it ends the client's connection instead (3.0.11 and 3.2.26; 2.6.12 did not).
# In the environment: CUTS, a FIFO that is made here, for an IPv4 address a line; PORTS, those of the services: nothing else can be cut.
set -euo pipefail
filter=()
for port in $PORTS; do filter+=(or dport = ":$port"); done

rm -f "$CUTS" && mkfifo --mode 622 "$CUTS"
exec 5<> "$CUTS"
while read -r address <&5; do
  [[ $address =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || continue
  mapfile -t ended < <(ss --kill --no-header --numeric --tcp dst "$address" and \( "${filter[@]:1}" \))
  echo "${#ended[@]} connections to $address cut" >&2
done
