import { describe, expect, it } from "vitest";
import { render } from "../../test/helm.ts";
import { chartParameters, localeArguments, walSegmentMb } from "./postgres.ts";

describe("the benchmark's PostgreSQL", () => {
  const cluster = render("postgres").find(({ kind }) => kind === "Cluster")?.spec ?? {};

  it("has the parameters of the platform's, memory and connections aside", () => {
    const { shared_buffers: _buffers, max_connections: _connections, ...parameters } = cluster.postgresql.parameters;
    expect(chartParameters).toEqual(parameters);
  });

  it("is made as the platform's: segments, checksums, collation", () => {
    const { initdb } = cluster.bootstrap;
    expect(initdb).toMatchObject({
      walSegmentSize: walSegmentMb,
      dataChecksums: true,
      encoding: "UTF8",
      locale: "C",
      builtinLocale: "C.UTF-8",
    });
    expect(localeArguments("PostgreSQL 17.5")).toContain("--builtin-locale=C.UTF-8");
    expect(localeArguments("PostgreSQL 15.14 (Debian 15.14-0+deb12u1)")).toEqual(["--encoding=UTF8", "--locale=C"]);
  });

  it("commits as the platform's: any one standby, nothing taken back when none is there", () => {
    expect(cluster.postgresql.synchronous).toMatchObject({ method: "any", number: 1, dataDurability: "required" });
    expect(cluster.postgresql.parameters).not.toHaveProperty("synchronous_commit");
    expect(cluster.postgresql.parameters).not.toHaveProperty("fsync");
  });
});
