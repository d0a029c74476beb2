# Shared by the scripts of a Redis pod. Every pod has an address that stays: its own Service's.

password=$(cat /etc/redis-password/password)
export REDISCLI_AUTH=$password
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
ask() {
  user=default
  [ "$2" != 26379 ] || user=dsp
  timeout 1 redis-cli -h "$1" -p "$2" --user "$user" --no-auth-warning "${@:3}" 2>/dev/null
}

# "<configuration epoch> <primary's address>" as Sentinel $1 has it; fails when it does not answer.
sentinel_view() {
  ask "$1" 26379 SENTINEL MASTER "$PRIMARY_NAME" | awk '
    NR % 2 { key = $0; next }
    key == "ip" { ip = $0 }
    key == "config-epoch" { epoch = $0 }
    END { if (ip == "" || epoch == "") exit 1; print epoch, ip }'
}
