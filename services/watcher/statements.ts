/** The SQL that the watcher speaks. The rights it takes are in grants.sql. */

/** Asked twice a second: nothing in it reads a file or a table. */
export const question = `SELECT pg_is_in_recovery() AS in_recovery,
  CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline,
  receiver.received_tli AS received_timeline,
  coalesce(receiver.status = 'streaming', false) AS streaming,
  current_setting('primary_conninfo') AS conninfo,
  extract(epoch FROM clock_timestamp()) * 1000 AS clock_ms
  FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS receiver ON true`;

/**
 * A commit of some bytes. It takes no table and no lock, and waits for this server's own disk only: the session has
 * synchronous_commit = local, so that missing standbys do not make a primary look unable to write. Standbys replay it as nothing. A
 * standby refuses it, so it can never be what makes an instance a writer.
 */
export const tinyWrite = "SELECT pg_logical_emit_message(true, 'dsp-watcher', '')";

/**
 * The tiny write fits into a segment that is there already, and so succeeds on a full disk on which no table can grow. This one asks for
 * room: with work_mem as small as it can be, the rows go to a temporary file of some 100 kB beside the data.
 */
export const smallMemory = "SET work_mem = '64kB'";
export const askForRoom = "SELECT count(*) FROM generate_series(1, 5000)";

const fileValue = (condition: string): string =>
  `(SELECT setting FROM pg_file_settings WHERE name = 'primary_conninfo' AND error IS NULL ${condition} ORDER BY seqno DESC LIMIT 1)`;

/**
 * The last setting in the files is the one in force, or about to be. What is flushed is known once the startup process has asked for
 * streaming since the start, for only then has it replayed all WAL that lay there. A WAL receiver that still connects is in no view but
 * pg_stat_activity; one that was started under the fence finds no socket and ends at once.
 */
export const examination = `SELECT pg_is_in_recovery() AS in_recovery,
  coalesce(${fileValue("")}, '') AS conninfo,
  coalesce(${fileValue("AND sourcefile NOT LIKE '%/postgresql.auto.conf'")}, '') AS base,
  CASE WHEN pg_is_in_recovery() THEN (SELECT max(substr(name, 1, 8)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$')
    ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline,
  CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS NOT NULL
    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn END::text AS flushed,
  EXISTS (SELECT FROM pg_stat_wal_receiver) AS receiving,
  extract(epoch FROM clock_timestamp()) * 1000 AS clock_ms,
  extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000 AS up_ms`;

/** Of a standby as well: it writes what it has replayed up to the primary's last one. */
export const checkpoint = "CHECKPOINT";

/** Which timeline the last complete checkpoint is of, and whether a copy that somebody takes of this server waits for the next. */
export const checkpointed = `SELECT timeline_id AS timeline,
  EXISTS (SELECT FROM pg_stat_progress_basebackup WHERE phase = 'waiting for checkpoint to finish') AS awaited FROM pg_control_checkpoint()`;

/** Of a running primary only; what it may do is in grants.sql. */
export const removeStandbySignal = "SELECT public.remove_standby_signal() AS removed";

/** Serialises watchers on one instance for as long as a change takes. It is the session's, and an idle session soon ends. */
export const lock = "SELECT pg_advisory_lock(7369616)";
export const unlock = "SELECT pg_advisory_unlock_all()";

/** $1 the expected conninfo, $2 whether in recovery, $3 the latest time by the instance's clock or null. */
export const expectation = `SELECT coalesce(${fileValue("")}, '') = $1 AND pg_is_in_recovery() = $2
  AND ($3::float8 IS NULL OR extract(epoch FROM clock_timestamp()) * 1000 <= $3) AS met`;

export const reload = "SELECT pg_reload_conf()";
export const conninfoInForce = "SELECT current_setting('primary_conninfo') AS conninfo";

/**
 * The startup process confirms a requested pause, and reads a changed configuration on the way there. So when it has paused, it has seen
 * the conninfo that was loaded before, has marked a WAL receiver of another one for its end, and starts none of the old one again. It
 * fails when a promotion has begun. The loop is bounded and always resumes, whatever becomes of the client.
 */
export const handshake = `DO $$
DECLARE
  waits int := 0;
BEGIN
  PERFORM pg_wal_replay_pause();
  WHILE pg_get_wal_replay_pause_state() = 'pause requested' AND waits < 200 LOOP
    PERFORM pg_sleep(0.003);
    waits := waits + 1;
  END LOOP;
  PERFORM pg_wal_replay_resume();
  IF waits >= 200 THEN
    RAISE EXCEPTION 'the startup process does not answer';
  END IF;
END $$`;

export const receiverProcesses = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walreceiver'";

/** One statement on the instance: whoever comes late finds another marker, or the time over. */
export const promotion = `SELECT CASE WHEN pg_is_in_recovery() AND current_setting('primary_conninfo') = $1 AND ${fileValue("")} = $1
    AND extract(epoch FROM clock_timestamp()) * 1000 <= $2
  THEN pg_promote(false) ELSE false END AS begun`;
