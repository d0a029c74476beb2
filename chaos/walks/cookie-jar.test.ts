import { describe, expect, it } from "vitest";
import { CookieJar } from "./cookie-jar.ts";

describe("the cookie jar", () => {
  it("gives a page the cookies of its path, the longest path first", () => {
    const jar = new CookieJar();
    jar.keep("/identity/interaction/1", ["__Host-a=1; Path=/; Secure; HttpOnly", "b=x=y; path=/identity", "c=3; Path=/portal"]);
    expect(jar.header("/identity/auth")).toBe("b=x=y; __Host-a=1");
    expect(jar.header("/identityX")).toBe("__Host-a=1");
    expect(jar.header("/portal/patient")).toBe("c=3; __Host-a=1");
  });

  it("takes the folder of the page where a cookie names no path", () => {
    const jar = new CookieJar();
    jar.keep("/identity/interaction/1", ["a=1"]);
    expect([jar.header("/identity/interaction"), jar.header("/identity/other")]).toEqual(["a=1", undefined]);
  });

  it("replaces a cookie, and forgets one that is taken back or has expired", () => {
    let now = Date.parse("2030-01-01T00:00:00Z");
    const jar = new CookieJar(() => now);
    jar.keep("/", ["a=1; Path=/", "b=1; Path=/; Max-Age=60", "c=1; Path=/"]);
    jar.keep("/", ["a=2; Path=/", "c=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
    expect(jar.header("/")).toBe("a=2; b=1");
    now += 60_000;
    expect(jar.header("/")).toBe("a=2");
    jar.keep("/", ["a=gone; Path=/; Max-Age=0"]);
    expect(jar.header("/")).toBeUndefined();
  });
});
