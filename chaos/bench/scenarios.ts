/** What the benchmark asks of the record service, as data: script.js fills in the names in angle brackets and sends it. */
import { bundleTemplate, observationTemplate, updatedObservation } from "./synthetic-record.ts";

/** What a CapabilityStatement must list for a scenario to be run. */
export type Need = { type: string; interaction: string } | { type: string; operation: string } | { system: string };

export interface ScenarioRequest {
  method: "GET" | "POST" | "PUT";
  /** Relative to the FHIR address. `<patient>` becomes the id of any of the patients, each as likely as the others. */
  path: string;
  /** JSON; `<unique>` becomes a text that no other request has. */
  body?: string;
  /** The status of a good answer. */
  status: number;
}

export interface Scenario {
  name: string;
  title: string;
  need: Need;
  request: ScenarioRequest;
  /** Resources that one request writes, where they are what is counted. */
  resources?: number;
  /** Clients of the closed loop: enough to keep two cores busy. */
  users: number;
  /** What the other server did a second, in resources where those are counted. */
  peerPerSecond?: number;
  /** It concerns one patient, and its cost should not grow with their number. */
  inCurve: boolean;
}

/**
 * Figures of a widely used open-source Java server without audit, on 2 cores with PostgreSQL and k6 beside it: of another day of another
 * machine, so a ratio to them is a size and not a measurement.
 */
export const peer =
  "a widely used open-source Java server, without audit, 2 cores with PostgreSQL and k6 beside it, on another machine's day";
/** How many times the other server's figures this one is meant to reach. */
export const goalRatio = 3;

const users = 16;
/** A Bundle keeps the server busy for as long as many single requests. */
const bundleUsers = 4;
export const bundleResources = 50;

export const scenarios: readonly Scenario[] = [
  {
    ...{ name: "create", title: "create an Observation", users, inCurve: false, peerPerSecond: 264 },
    need: { type: "Observation", interaction: "create" },
    request: { method: "POST", path: "Observation", body: observationTemplate, status: 201 },
  },
  {
    ...{ name: "read", title: "read a Patient", users, inCurve: true, peerPerSecond: 732 },
    need: { type: "Patient", interaction: "read" },
    request: { method: "GET", path: "Patient/<patient>", status: 200 },
  },
  {
    ...{ name: "update", title: "update an Observation", users, inCurve: false, peerPerSecond: 250 },
    need: { type: "Observation", interaction: "update" },
    request: { method: "PUT", path: "Observation/<patient>-observation-1", body: updatedObservation, status: 200 },
  },
  {
    ...{ name: "search", title: "search a patient's Observations", users, inCurve: true, peerPerSecond: 110 },
    need: { type: "Observation", interaction: "search-type" },
    request: { method: "GET", path: "Observation?patient=<patient>", status: 200 },
  },
  {
    ...{ name: "bundle", title: `a transaction of ${bundleResources} creates`, users: bundleUsers, inCurve: false, peerPerSecond: 867 },
    ...{ need: { system: "transaction" }, resources: bundleResources },
    request: { method: "POST", path: "", body: bundleTemplate(bundleResources), status: 200 },
  },
  {
    ...{ name: "everything", title: "a patient's whole record, $everything", users, inCurve: true },
    need: { type: "Patient", operation: "everything" },
    request: { method: "GET", path: "Patient/<patient>/$everything", status: 200 },
  },
  {
    ...{ name: "summary", title: "a patient's summary, $summary", users, inCurve: true },
    need: { type: "Patient", operation: "summary" },
    request: { method: "GET", path: "Patient/<patient>/$summary", status: 200 },
  },
];
