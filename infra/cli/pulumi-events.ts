/** Follows a deployment by Pulumi's event log: what is done, what is being waited for, and what went wrong. */
import { z } from "zod";

const stepSchema = z.object({ metadata: z.object({ op: z.string(), urn: z.string(), type: z.string() }) });

const eventSchema = z.object({
  resourcePreEvent: stepSchema.optional(),
  resOutputsEvent: stepSchema.optional(),
  resOpFailedEvent: stepSchema.optional(),
  diagnosticEvent: z.object({ urn: z.string().optional(), message: z.string(), severity: z.string() }).optional(),
  summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()).nullish() }).optional(),
});

export interface DeploymentProgress {
  /** Takes one line of the event log. */
  take(line: string): void;
  /** `41 done, waiting for pg (Cluster): 2 of 3 instances ready` */
  text(): string;
  /** What the engine and the providers called errors. */
  errors(): string[];
  /** Operations that changed something, by kind; empty when nothing did. */
  changes(): Record<string, number>;
}

const namesShown = 3;
const colours = /<\{%[^%]*%\}>/g;

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

function kindOf(type: string): string {
  return type.split(":").at(-1) ?? type;
}

function clean(message: string): string {
  return message.replace(colours, "").replace(/\s+/g, " ").trim();
}

export function followDeployment(): DeploymentProgress {
  const waiting = new Map<string, string>();
  const said = new Map<string, string>();
  const errors: string[] = [];
  let changes: Record<string, number> = {};
  let done = 0;
  return {
    take(line) {
      if (line.trim() === "") return;
      const parsed = eventSchema.safeParse(parseJson(line));
      if (!parsed.success) return;
      const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent } = parsed.data;
      if (resourcePreEvent) waiting.set(resourcePreEvent.metadata.urn, kindOf(resourcePreEvent.metadata.type));
      const ended = resOutputsEvent ?? resOpFailedEvent;
      if (ended) {
        waiting.delete(ended.metadata.urn);
        said.delete(ended.metadata.urn);
        done += 1;
      }
      if (summaryEvent?.resourceChanges) changes = summaryEvent.resourceChanges;
      if (!diagnosticEvent) return;
      const message = clean(diagnosticEvent.message);
      const name = diagnosticEvent.urn ? nameOf(diagnosticEvent.urn) : "";
      if (diagnosticEvent.severity === "error") errors.push(name === "" ? message : `${name}: ${message}`);
      else if (diagnosticEvent.urn) said.set(diagnosticEvent.urn, message);
    },
    text() {
      // The stack and components end last: what they wait for is what matters.
      const open = [...waiting].filter(([, kind]) => kind !== "Stack").reverse();
      if (open.length === 0) return `${done} resources done`;
      const names = open.slice(0, namesShown).map(([urn, kind]) => {
        const message = said.get(urn);
        return `${nameOf(urn)} (${kind})${message === undefined ? "" : `: ${message}`}`;
      });
      return `${done} resources done, ${open.length} under way: ${names.join("; ")}${open.length > namesShown ? "; …" : ""}`;
    },
    errors: () => errors,
    changes: () =>
      Object.fromEntries(Object.entries(changes).filter(([operation, count]) => operation !== "same" && operation !== "read" && count > 0)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
