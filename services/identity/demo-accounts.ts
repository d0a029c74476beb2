import { readFileSync } from "node:fs";
import { configOrExit } from "../lib/configuration.ts";
import { demoPeople, demoStories } from "../lib/demo-people.ts";
import { codePeriodS, totpCode } from "./account/totp.ts";
import { readConfig } from "./config.ts";
import { demoTotpSecret } from "./seed.ts";

/** A synthetic account as a person who tries the platform needs it. */
export interface DemoAccount {
  login: string;
  name: string;
  role: string;
  profession?: string;
  organization?: string;
  /** What there is to see. */
  shows?: string;
  /** The one-time code of this moment, where the account has a second factor, and how long it is good for. */
  code?: string;
  codeSeconds?: number;
}

export function demoAccounts(password: string, atMs: number): DemoAccount[] {
  return demoPeople.map((person) => {
    const { login, role, profession, organizationId } = person;
    const shows = demoStories[login];
    return {
      ...(shows === undefined ? {} : { shows }),
      ...{ login, name: `${person.given} ${person.family}`, role },
      ...(profession === undefined ? {} : { profession }),
      ...(organizationId === undefined ? {} : { organization: organizationId }),
      ...(person.secondFactor
        ? { code: totpCode(demoTotpSecret(password, login), atMs), codeSeconds: codePeriodS - (Math.floor(atMs / 1000) % codePeriodS) }
        : {}),
    };
  });
}

if (import.meta.main) {
  const { DEMO_PASSWORD_FILE: file } = configOrExit(readConfig);
  if (file === undefined) {
    console.error("This platform has no synthetic accounts: DEMO_PASSWORD_FILE is not set.");
    process.exit(1);
  }
  console.log(JSON.stringify(demoAccounts(readFileSync(file, "utf8").trim(), Date.now())));
}
