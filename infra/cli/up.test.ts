import { describe, expect, it } from "vitest";
import { serviceNames } from "../services.ts";
import { UsageError } from "./command.ts";
import { readServices } from "./up.ts";

describe("up --services", () => {
  it("names services, of which the record is always one, in the platform's order", () => {
    expect(readServices(undefined)).toBeUndefined();
    expect(readServices("all")).toEqual(serviceNames);
    expect(readServices("record")).toEqual(["record"]);
    expect(readServices("portal, identity")).toEqual(["record", "identity", "portal"]);
  });

  it("tells every name that is none", () => {
    expect(() => readServices("record,potal,mail")).toThrow(UsageError);
    expect(() => readServices("record,potal,mail")).toThrow("there is no service potal, mail");
  });
});
