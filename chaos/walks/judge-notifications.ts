/** What a subscriber was promised: told of every change at least once, in order, and repetitions known by their number. */
import type { CheckResult } from "../check.ts";
import type { Notification } from "./receiver.ts";
import { timeOf } from "./time-of.ts";

const findingsMax = 10;

/** One resource that was created while somebody had subscribed to it. Milliseconds since 1970. */
export interface Creation {
  beganMs: number;
  endedMs: number;
  attempts: number;
  outcome: "acknowledged" | "refused" | "unanswered";
  /** `Observation/1f0…`, of an acknowledged one. */
  resource?: string;
  reason?: string;
}

/** A number that came for the first time after a higher one had come. */
function lateOnes(notifications: readonly Notification[]): string[] {
  const seen = new Set<number>();
  let highest = 0;
  return notifications.flatMap(({ number, atMs }) => {
    if (seen.has(number)) return [];
    seen.add(number);
    if (number > highest) {
      highest = number;
      return [];
    }
    return [`event ${number} came at ${timeOf(atMs)}, after event ${highest}`];
  });
}

/** Of two creations of which one was acknowledged before the other began, the first has the lower number. */
function swappedOnes(created: readonly Creation[], numbers: ReadonlyMap<string, number>): string[] {
  const numbered = created.flatMap((creation) => {
    const number = numbers.get(creation.resource ?? "");
    return number === undefined ? [] : [{ ...creation, number }];
  });
  const begun = numbered.toSorted((left, right) => left.beganMs - right.beganMs);
  const ended = numbered.toSorted((left, right) => left.endedMs - right.endedMs);
  const swapped: string[] = [];
  let next = 0;
  let highest: (typeof numbered)[number] | undefined;
  for (const creation of begun) {
    for (let before = ended[next]; before !== undefined && before.endedMs < creation.beganMs; before = ended[next]) {
      if (highest === undefined || before.number > highest.number) highest = before;
      next += 1;
    }
    if (highest !== undefined && highest.number > creation.number)
      swapped.push(`${creation.resource} is event ${creation.number}, and ${highest.resource}, created before it, event ${highest.number}`);
  }
  return swapped;
}

/** The same event under two numbers, or two under one: a receiver could not tell a repetition. */
function renumberedOnes(notifications: readonly Notification[]): string[] {
  const byFocus = Map.groupBy(notifications, ({ focus }) => focus);
  const byNumber = Map.groupBy(notifications, ({ number }) => number);
  const numbersOf = (focus: string) => [...new Set((byFocus.get(focus) ?? []).map(({ number }) => number))];
  const focusesOf = (number: number) => [...new Set((byNumber.get(number) ?? []).map(({ focus }) => focus))];
  return [...[...byFocus.keys()].map((focus) => ({ focus, numbers: numbersOf(focus) }))]
    .filter(({ numbers }) => numbers.length > 1)
    .map(({ focus, numbers }) => `${focus} was told of as events ${numbers.join(" and ")}`)
    .concat(
      [...byNumber.keys()]
        .map((number) => ({ number, focuses: focusesOf(number) }))
        .filter(({ focuses }) => focuses.length > 1)
        .map(({ number, focuses }) => `event ${number} was told of as ${focuses.join(" and ")}`),
    );
}

export function judgeNotifications(created: readonly Creation[], notifications: readonly Notification[], refused = 0): CheckResult {
  const acknowledged = created.filter(({ outcome }) => outcome === "acknowledged");
  const first = new Map<string, Notification>();
  for (const notification of notifications) if (!first.has(notification.focus)) first.set(notification.focus, notification);
  const known = new Set(acknowledged.map(({ resource = "" }) => resource));
  const missed = acknowledged.filter(({ resource = "" }) => !first.has(resource));
  const late = lateOnes(notifications);
  const swapped = swappedOnes(acknowledged, new Map([...first].map(([focus, { number }]) => [focus, number])));
  const renumbered = renumberedOnes(notifications);
  const strange = [...first.keys()].filter((focus) => !known.has(focus));
  // One that got no answer may have been created all the same.
  const unanswered = created.filter(({ outcome }) => outcome === "unanswered").length;
  const figures = {
    created: created.length,
    acknowledged: acknowledged.length,
    notified: known.size - missed.length,
    missed: missed.length,
    outOfOrder: late.length + swapped.length,
    renumbered: renumbered.length,
    repeated: notifications.length - new Set(notifications.map(({ focus, number }) => `${focus} ${number}`)).size,
    longestDelayMs: acknowledged.reduce((longest, { resource = "", endedMs }) => {
      return Math.max(longest, (first.get(resource)?.atMs ?? endedMs) - endedMs);
    }, 0),
  };
  if (acknowledged.length === 0) return { verdict: "unknown", figures, findings: ["nothing was created that could be told of"] };
  const findings = [
    ...missed.map(({ resource, endedMs }) => `${resource}, acknowledged at ${timeOf(endedMs)}, was never told of`),
    ...late,
    ...swapped,
    ...renumbered,
    ...(strange.length > unanswered ? strange.map((focus) => `${focus} was told of and never acknowledged`) : []),
    ...(refused > 0 ? [`${refused} notifications could not be believed: not signed with the subscription's secret, or not readable`] : []),
  ];
  return { verdict: findings.length === 0 ? "valid" : "invalid", figures, findings: findings.slice(0, findingsMax) };
}
