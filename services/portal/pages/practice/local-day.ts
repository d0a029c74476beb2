const timeZone = "Europe/Luxembourg";

/** The day (YYYY-MM-DD) that it is here; UTC's may be another one. */
export function localDay(at: Date = new Date()): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone }).format(at);
}

/** The instant of a time of day here, in UTC. Summer time is found by asking what time that instant is here. */
export function instantOf(day: string, time: string): string {
  const asUtcMs = Date.parse(`${day}T${time}:00Z`);
  const offsetMs =
    Date.parse(
      `${new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(asUtcMs).replace(" ", "T")}Z`,
    ) - asUtcMs;
  return new Date(asUtcMs - offsetMs).toISOString();
}

/** HH:MM here. */
export function localTime(instant: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, timeStyle: "short" }).format(new Date(instant));
}

/** Another day, so many days later. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
