/** One sample of a Prometheus exposition. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** The samples of one metric, out of an exposition in Prometheus' text format. */
export function samplesOf(text: string, metric: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const rest = line.startsWith(metric) ? line.slice(metric.length) : "";
    const [, labels = "", value] = /^(?:\{(.*)\})? (\S+)/.exec(rest) ?? [];
    return value === undefined ? [] : [{ labels: labelsOf(labels), value: Number(value) }];
  });
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(
    pairs.map(([, name = "", value = ""]) => [
      name,
      value.replace(/\\(.)/g, (_whole, escaped: string) => (escaped === "n" ? "\n" : escaped)),
    ]),
  );
}
