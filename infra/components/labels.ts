/** The labels on everything the program makes itself; its charts set the same. */
export function labels(name: string, component: string): Record<string, string> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/component": component, "app.kubernetes.io/part-of": "dsp" };
}
