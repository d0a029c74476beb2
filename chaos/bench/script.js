// One measurement of the benchmark, run by k6 (k6.ts starts it and says in DSP_BENCH what it is to do): the same kind of request again
// and again, by as many clients as there are (closed loop) or at a fixed rate (open loop).
import exec from "k6/execution";
import http from "k6/http";
import { Counter } from "k6/metrics";

const plan = JSON.parse(__ENV.DSP_BENCH);
const headers = { Authorization: `Bearer ${__ENV.DSP_TOKEN}`, Accept: "application/fhir+json" };
const isWrite = plan.request.body !== undefined;
if (isWrite) headers["Content-Type"] = "application/fhir+json";

export const options = {
  scenarios: { bench: { ...plan.loop, exec: "ask" } },
  summaryTrendStats: ["avg", "med", "p(99)", "max"],
  systemTags: [],
  discardResponseBodies: true,
};

http.setResponseCallback(http.expectedStatuses(plan.request.status));
const byStandby = new Counter("answered_by_standby");

const pad = (number, digits) => String(number).padStart(digits, "0");

/** Any of the patients, as likely as any other. */
function anyPatient() {
  const number = Math.floor(Math.random() * plan.patients);
  const { template, blockPatients, blockDigits, numberDigits } = plan.patientIds;
  return template
    .replace("<block>", pad(Math.floor(number / blockPatients), blockDigits))
    .replace("<number>", pad(number % blockPatients, numberDigits));
}

function fill(template, patient, unique) {
  return template.replaceAll("<patient>", patient).replaceAll("<unique>", unique);
}

export function ask() {
  const patient = anyPatient();
  const unique = `${plan.run}-${exec.scenario.iterationInTest}`;
  const { method, path, body } = plan.request;
  const url = path === "" ? plan.url : `${plan.url}/${fill(path, patient, unique)}`;
  const own = isWrite ? { ...headers, "Idempotency-Key": unique } : headers;
  const answer = http.request(method, url, isWrite ? fill(body, patient, unique) : null, { headers: own, redirects: 0, timeout: "30s" });
  if (answer.headers["Dsp-Served-By"] === "standby") byStandby.add(1);
}

export function handleSummary(data) {
  return { stdout: JSON.stringify(data) };
}
