#!/bin/bash
# Takes one copy of the whole PostgreSQL cluster, checks each of its files, starts PostgreSQL from it and looks through the tables, and only
# then keeps it and says so in the database. What fails on the way is never taken for a backup.
set -euo pipefail
umask 077

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
fail() { say "failed: $*" >&2; exit 1; }

export PGUSER=backup PGAPPNAME="backup $SITE" PGCONNECT_TIMEOUT=5
PGPASSWORD=$(<"$PASSWORD_FILE")
export PGPASSWORD

# One at a time in this site, a scheduled one and one that somebody asked for.
exec 9>"$BACKUPS/.lock"
flock --nonblock 9 || fail "another backup is under way in $SITE"

# What an earlier one left when it was stopped.
rm -rf "$BACKUPS"/*.partial "${SCRATCH:?}"/*
name=$(date -u +%Y-%m-%dT%H-%M-%SZ)
# Two in one second would be one folder within the other.
while [ -e "$BACKUPS/$name" ]; do
  sleep 0.2
  name=$(date -u +%Y-%m-%dT%H-%M-%SZ)
done
copy=$BACKUPS/$name.partial
started=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# A standby, which carries less; without one the primary.
say "copying from ${SOURCES}"
pg_basebackup --dbname="host=$SOURCES" --pgdata="$copy" \
  --format=plain --wal-method=stream --checkpoint=fast --manifest-checksums=SHA256 --no-password --label="dsp $name"
sync --file-system "$copy"
bytes=$(du --summarize --bytes "$copy" | cut -f1)
say "copied: $bytes bytes"

say "comparing every file with its checksum"
pg_verifybackup --quiet "$copy"

# A copy that does not start, or whose tables and indexes contradict each other, is no backup.
say "starting PostgreSQL from it"
tried=$SCRATCH/data
cp --archive "$copy" "$tried"
rm -f "$tried/standby.signal"
cat >"$SCRATCH/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$SCRATCH'
hba_file = '$SCRATCH/pg_hba.conf'
shared_buffers = 32MB
max_wal_senders = 0
max_connections = 20
port = ${PGPORT:-5432}
ssl = off
archive_mode = off
autovacuum = off
EOF
# Nobody but this script reaches the socket: it lies in a folder of this pod's own user.
echo "local all all trust" >"$SCRATCH/pg_hba.conf"
stop() { pg_ctl --pgdata="$tried" --mode=immediate --silent stop >/dev/null 2>&1 || true; }
trap stop EXIT
pg_ctl --pgdata="$tried" --options="-c config_file=$SCRATCH/postgresql.conf" --log="$SCRATCH/server.log" --timeout=1800 --wait --silent start ||
  { cat "$SCRATCH/server.log" >&2; fail "PostgreSQL does not start from the copy"; }
inside=(env -u PGPASSWORD PGHOST="$SCRATCH" PGUSER=postgres PGSSLMODE=disable)
say "looking through all tables and indexes"
"${inside[@]}" pg_amcheck --database="$DATABASE" --install-missing --no-dependent-toast --jobs=1
tables=$("${inside[@]}" psql --no-psqlrc --tuples-only --no-align --dbname="$DATABASE" --command="SELECT count(*) FROM pg_stat_user_tables")
[ "$tables" -gt 0 ] || fail "there is no table in the copy's database $DATABASE"
stop
trap - EXIT
rm -rf "${SCRATCH:?}"/*

mv "$copy" "$BACKUPS/$name"
sync --file-system "$BACKUPS"
say "kept as $name: $tables tables"

# The oldest go; names sort by time.
find "$BACKUPS" -mindepth 1 -maxdepth 1 -type d -name '*Z' -printf '%f\n' | sort --reverse | tail --lines="+$((KEEP + 1))" |
  while read -r old; do
    say "removing $old"
    rm -rf "${BACKUPS:?}/$old"
  done

# The operators' page and ./dsp backup list read it there. The primary may just be moving.
note() {
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="host=$PRIMARY dbname=$DATABASE" \
    --set=site="$SITE" --set=name="$name" --set=started="$started" --set=bytes="$bytes" --set=tables="$tables" --set=keep="$KEEP" --set=reader="$READER" <<'SQL'
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS backup.run (
  site text NOT NULL,
  name text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT now(),
  bytes bigint NOT NULL,
  tables integer NOT NULL,
  PRIMARY KEY (site, name)
);
GRANT USAGE ON SCHEMA backup TO :"reader";
GRANT SELECT ON backup.run TO :"reader";
INSERT INTO backup.run (site, name, started_at, bytes, tables) VALUES (:'site', :'name', :'started', :'bytes', :'tables') ON CONFLICT DO NOTHING;
-- What the site no longer keeps.
DELETE FROM backup.run WHERE site = :'site' AND name NOT IN (SELECT name FROM backup.run WHERE site = :'site' ORDER BY name DESC LIMIT :keep);
SQL
}
for attempt in 1 2 3 4 5 6; do
  if note; then
    say "done"
    exit 0
  fi
  say "the primary did not take it down (attempt $attempt)"
  sleep 5
done
fail "the copy is kept, but the database does not know of it"
