import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import pg from "pg";
import { passwordsIn } from "../passwords.ts";
import type { Instance } from "./instance.ts";

export interface PostgresAccess {
  database: string;
  user: string;
  /** Read at each connect, so that a rotated password needs no restart. Without it, no password is sent. */
  passwordFile?: string;
  /** Passwords to try where that one is refused, one a line: what it will be next, and what it was. A change of it reaches server and client at different times. */
  otherPasswordsFile?: string;
  /** With a CA, TLS is required and the server's certificate must carry `tlsName`. */
  caFile?: string;
  tlsName?: string;
  /** The schema every statement works in. */
  schema: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
}

/** How long a connection may take to stand, and how long the server lets a statement or an idle transaction last. */
export interface ConnectionLimits {
  connectTimeoutMs: number;
  /**
   * How long it may take where the server's kernel has taken it, from when it was begun: a frozen server finds every attempt that was given up
   * when it thaws, and makes a process for each. As long as any other where it is not said.
   */
  acceptedTimeoutMs?: number;
  statementTimeoutMs: number;
  /** As long as a statement where it is not said. */
  idleTransactionMs?: number;
}

/** PostgreSQL's word for a password that is not the role's. */
const wrongPassword = "28P01";

/** Opens one connection. @throws whatever made it fail; the caller treats any failure as "this instance cannot be used now" */
export async function connect(access: PostgresAccess, instance: Instance, limits: ConnectionLimits): Promise<pg.Client> {
  const [password, tls] = await Promise.all([access.passwordFile ? readFile(access.passwordFile, "utf8") : undefined, tlsOptions(access)]);
  const way = { access, instance, limits, tls };
  try {
    return await connectWith(way, password?.trim());
  } catch (error) {
    if (!access.otherPasswordsFile || (error as { code?: unknown }).code !== wrongPassword) throw error;
    for (const other of passwordsIn([access.otherPasswordsFile])) {
      const client = await connectWith(way, other).catch(() => undefined);
      if (client) return client;
    }
    throw error;
  }
}

interface Way {
  access: PostgresAccess;
  instance: Instance;
  limits: ConnectionLimits;
  tls: ConnectionOptions | undefined;
}

async function connectWith({ access, instance, limits, tls }: Way, password: string | undefined): Promise<pg.Client> {
  const client = new pg.Client({
    host: instance.address,
    port: instance.port,
    database: access.database,
    user: access.user,
    password,
    ssl: tls,
    application_name: access.applicationName,
    // A statement is sent although the answer to the one before it has not come yet.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 1000,
    connectionTimeoutMillis: limits.acceptedTimeoutMs ?? limits.connectTimeoutMs,
    options: [
      `-c search_path=${access.schema}`,
      `-c statement_timeout=${limits.statementTimeoutMs}`,
      `-c lock_timeout=${limits.statementTimeoutMs}`,
      `-c idle_in_transaction_session_timeout=${limits.idleTransactionMs ?? limits.statementTimeoutMs}`,
      // A statement whose client is gone stops.
      "-c client_connection_check_interval=2000",
      // The server gives up on a peer that has gone without a word, and with it the locks the peer held.
      "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=5000",
    ].join(" "),
  });
  // pg emits errors of idle connections; who holds the connection learns of them from its next statement.
  client.on("error", () => {});
  const stream = streamOf(client);
  const timer = setTimeout(() => {
    if (stream.connecting) stream.destroy(new Error("timeout expired"));
  }, limits.connectTimeoutMs);
  try {
    await client.connect();
  } catch (error) {
    destroy(client);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return client;
}

async function tlsOptions(access: PostgresAccess): Promise<ConnectionOptions | undefined> {
  if (!access.caFile) {
    return undefined;
  }
  const name = access.tlsName;
  return {
    ca: await readFile(access.caFile, "utf8"),
    servername: name,
    // Instances are reached by address; what vouches for them is the CA and the one name their certificates carry.
    checkServerIdentity: (host, certificate) => checkServerIdentity(name ?? host, certificate),
  };
}

function streamOf(client: pg.Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

/** What is sent in this turn of the event loop leaves in one piece: a write costs both sides more than most statements do. */
export function writeTogether(client: pg.Client): void {
  const stream = streamOf(client);
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Closes the socket at once, without PostgreSQL's goodbye: the peer may be gone or frozen. Statements under way fail. */
export function destroy(client: pg.Client): void {
  const stream = streamOf(client);
  stream.on("error", () => {});
  stream.destroy();
}
