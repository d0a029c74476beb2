import { describe, expect, it } from "vitest";
import { parseProcesses } from "./container-processes.ts";
import { choosePostgresProcess } from "./postgres-crash.ts";

const processes = parseProcesses(`   1568    1462 Ssl  /controller/manager instance run --status-port-tls --log-level=info
   1600    1568 S    postgres -D /var/lib/postgresql/data/pgdata
   1601    1600 Ss   postgres: pg: logger
   1607    1600 Ts   postgres: pg: archiver last was 000000010000000000000006
   2230    1600 Ss   postgres: pg: walsender streaming_replica 10.244.2.10(43956) streaming 0/7000110
   2439    1600 Ss   postgres: pg: record dsp 10.244.8.6(37948) idle
   2440    1600 Ss   postgres: pg: record dsp 10.244.3.5(55954) INSERT waiting
`);

describe("choosePostgresProcess", () => {
  it("takes a backend that serves a client, not one that serves a standby", () => {
    expect(choosePostgresProcess(processes, "postgres-backend")).toMatchObject({ pid: 2439, parent: 1600, state: "Ss" });
    expect(choosePostgresProcess(processes.slice(0, 5), "postgres-backend")).toBeUndefined();
  });

  it("takes the parent of all, not its manager", () => {
    expect(choosePostgresProcess(processes, "postmaster")).toMatchObject({ pid: 1600 });
    const byPath = parseProcesses(" 9 1 S /usr/lib/postgresql/17/bin/postgres -D /data");
    expect(choosePostgresProcess(byPath, "postmaster")).toMatchObject({ pid: 9 });
  });
});
