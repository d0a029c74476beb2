# Shared by the scripts of a Redis pod. Every pod has an address that stays: its own Service's.

# The Secret changes under a running pod: until all are started anew, some servers know only the password before.
password=$(</etc/redis-password/password)
previous=$(cat /etc/redis-password/previous 2>/dev/null || true)
tls=/etc/redis-tls
self=${POD_NAME##*-}
members="0 1 2"

say() { printf '%s\n' "$(date -u +%FT%TZ) $*" >&2; }

# The address of pod $1's Service: from the environment, which needs no DNS, else looked up.
address_of() {
  variable=REDIS_${1}_SERVICE_HOST
  found=${!variable:-}
  [ -n "$found" ] || found=$(getent ahostsv4 "redis-$1.$NAMESPACE.svc" | awk 'NR == 1 { print $1 }')
  [ -n "$found" ] && printf '%s' "$found"
}

# Waits until every member's address is known.
resolve_members() {
  until address_0=$(address_of 0) && address_1=$(address_of 1) && address_2=$(address_of 2); do
    say "waiting for the Services redis-0, redis-1 and redis-2"
    sleep 1
  done
  variable=address_$self
  own=${!variable}
}

address() { variable=address_$1; printf '%s' "${!variable}"; }

# redis-cli that gives up in time: a dead node answers nothing, not even a refusal. Sentinels are commanded as the user `dsp`.
ask_with() {
  user=default
  [ "$3" != 26379 ] || user=dsp
  REDISCLI_AUTH=$1 timeout "${ASK_S:-1}" redis-cli --tls --cacert "$tls/ca.crt" -h "$2" -p "$3" --user "$user" --no-auth-warning "${@:4}" 2>/dev/null
}

refused() { [[ $1 == *NOAUTH* || $1 == *NOPERM* || $1 == *WRONGPASS* ]]; }

# With the password that the server takes.
ask() {
  answer=$(ask_with "$password" "$@") || return
  if [ -n "$previous" ] && refused "$answer"; then answer=$(ask_with "$previous" "$@") || return; fi
  printf '%s\n' "$answer"
}

# The password to show to the others: the one before for as long as one of them does not take the new one.
outgoing_password() {
  for member in $members; do
    [ -n "$previous" ] && [ "$member" != "$self" ] || continue
    if answer=$(ask_with "$password" "$(address "$member")" 6379 PING) && refused "$answer"; then
      printf '%s' "$previous"
      return
    fi
  done
  printf '%s' "$password"
}

# Redis and Sentinel alike: TLS alone, for clients, replicas and each other. $1: the port.
tls_settings() {
  cat <<CONF
port 0
tls-port $1
tls-cert-file $tls/tls.crt
tls-key-file $tls/tls.key
tls-ca-cert-file $tls/ca.crt
tls-auth-clients no
tls-replication yes
tls-protocols TLSv1.3
CONF
}

certificate_digest() { cat "$tls/tls.crt" "$tls/tls.key" "$tls/ca.crt" | sha256sum; }
# Notes, for $1 (redis or sentinel), the certificate that it runs with.
note_certificate() { certificate_digest > "/run/redis/certificate-$1"; }
is_certificate_new() { [ "$(certificate_digest)" != "$(cat "/run/redis/certificate-$1" 2>/dev/null)" ]; }

# What a server takes: ACL rules.
accepted="on >$password${previous:+ >$previous}"

# "<configuration epoch> <primary's address>" as Sentinel $1 has it; fails when it does not answer.
sentinel_view() {
  ask "$1" 26379 SENTINEL MASTER "$PRIMARY_NAME" | awk '
    NR % 2 { key = $0; next }
    key == "ip" { ip = $0 }
    key == "config-epoch" { epoch = $0 }
    END { if (ip == "" || epoch == "") exit 1; print epoch, ip }'
}
