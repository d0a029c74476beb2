-- What the role `watcher` may do besides logging in, and nothing else. Run once as superuser in the database it connects to (postgres);
-- standbys get it by replication. The role is made before, and its password and membership kept, by whoever manages roles.
-- See pg_stat_wal_receiver, pg_stat_activity, pg_stat_progress_basebackup, primary_conninfo and the names of WAL files.
GRANT pg_monitor TO watcher;
-- Write to disk what is in memory only: before a planned move, on a new primary, and where a copy waits for it.
GRANT pg_checkpoint TO watcher;
-- Fence, point and release a standby.
GRANT ALTER SYSTEM ON PARAMETER primary_conninfo TO watcher;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO watcher;
-- primary_conninfo as the files have it, with the file it comes from.
GRANT SELECT ON pg_catalog.pg_file_settings TO watcher;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO watcher;
-- The startup process confirms a pause: so the watcher knows that it has read the new primary_conninfo.
GRANT EXECUTE ON FUNCTION pg_catalog.pg_wal_replay_pause() TO watcher;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_wal_replay_resume() TO watcher;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_promote(boolean, integer) TO watcher;

-- Promoted by a watcher, an instance removes its standby.signal; an instance manager that had just found it to be a standby may make the file
-- anew, and then holds a running primary for a standby until somebody removes it. PostgreSQL has no statement that removes a file.
CREATE FUNCTION public.remove_standby_signal() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS '
BEGIN
  IF pg_is_in_recovery() OR (pg_stat_file(''standby.signal'', true)).size IS NULL THEN RETURN false; END IF;
  COPY (SELECT 1) TO PROGRAM ''cat > /dev/null; rm -f standby.signal'';
  RETURN true;
END';
REVOKE ALL ON FUNCTION public.remove_standby_signal() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.remove_standby_signal() TO watcher;
