/** The instants a FHIR date, dateTime or instant stands for, both ends included; ISO 8601 in UTC, to the millisecond. */
export interface DateRange {
  low: string;
  high: string;
}

/** All that FHIR's dates reach. */
export const allTime: DateRange = { low: "0001-01-01T00:00:00.000Z", high: "9999-12-31T23:59:59.999Z" };

const pattern = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/**
 * The range of a FHIR date of any precision: `2024` is the whole year. Without a time zone it is read as UTC, for what is
 * stored and what is searched alike. Undefined when the text is no such date.
 */
export function dateRange(text: string): DateRange | undefined {
  const match = pattern.exec(text);
  if (!match) {
    return undefined;
  }
  const [, year, month = "01", day = "01", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = match;
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  const start = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second === "60" ? "59" : second}.${milliseconds}${zone}`);
  if (Number.isNaN(start.getTime()) || year === "0000" || !dayExists(Number(year), Number(month), Number(day))) {
    return undefined;
  }
  const end = new Date(start);
  if (fraction) end.setTime(end.getTime() + 1);
  else if (match[6]) end.setTime(end.getTime() + 1000);
  else if (match[5]) end.setTime(end.getTime() + 60_000);
  else if (match[3]) end.setUTCDate(end.getUTCDate() + 1);
  else if (match[2]) end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setUTCFullYear(end.getUTCFullYear() + 1);
  end.setTime(end.getTime() - 1);
  return start.getUTCFullYear() < 1 || end.getUTCFullYear() > 9999 ? undefined : { low: start.toISOString(), high: end.toISOString() };
}

function dayExists(year: number, month: number, day: number): boolean {
  return day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
