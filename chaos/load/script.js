// The open-loop load, run by k6 (load.ts starts it and says in DSP_LOAD what it is to do).
//
// One iteration is one second of the schedule: it begins that second's operations each when it is due, whatever became of those before,
// and ends with the last of them. So a virtual user serves many operations at once, a handful of connections carries the load, and a
// stall of 20 s takes 25 users instead of one for each operation that waits. The schedule is the scenario's own clock: an operation
// that begins late was due when it was due.
import exec from "k6/execution";
import http from "k6/http";

const plan = JSON.parse(__ENV.DSP_LOAD);
const token = __ENV.DSP_TOKEN;

export const options = {
  scenarios: {
    load: {
      executor: "constant-arrival-rate",
      rate: 1,
      timeUnit: "1s",
      duration: `${plan.seconds}s`,
      preAllocatedVUs: plan.users,
      maxVUs: plan.users,
      gracefulStop: `${plan.deadlineMs + plan.graceMs}ms`,
      exec: "second",
    },
    // Does nothing: one more user for it, asked for over k6's own address, is the sign to begin no more operations.
    gate: { executor: "externally-controlled", vus: 0, maxVUs: 0, duration: `${plan.seconds}s`, exec: "idle" },
  },
  // Idle connections that a user keeps.
  batch: plan.connectionsPerUser,
  batchPerHost: plan.connectionsPerUser,
  systemTags: [],
  discardResponseBodies: false,
};

http.setResponseCallback(null);

// Turns with each round of the mix, so that every slot meets every hot record.
const hotOf = (n) => plan.hot[(n + Math.floor(n / plan.mix.length)) % plan.hot.length];

// What this user knows: records of its own that nobody else changes, and the version of a hot record that it has just read.
const own = [];
const ownMax = 8;
let lastHot;

export function idle() {}

function observation(value, id) {
  return JSON.stringify({
    resourceType: "Observation",
    ...(id === undefined ? {} : { id }),
    status: "final",
    code: { coding: [{ system: plan.codeSystem, code: plan.runName }] },
    subject: { reference: `Patient/${plan.patient}` },
    effectiveDateTime: new Date().toISOString(),
    valueString: value,
  });
}

function versionOf(answer) {
  const match = /(\d+)/.exec(answer.headers.Etag ?? "");
  return match === null ? undefined : Number(match[1]);
}

function create(n) {
  const value = `${plan.runName}-${n}`;
  return {
    kind: "create",
    known: { value },
    request: { method: "POST", path: "Observation", body: observation(value), headers: {} },
    learn: (answer) => ({ resource: /Observation\/[^/]+/.exec(answer.headers.Location ?? "")?.[0], version: versionOf(answer) }),
    done: (operation) => {
      if (operation.outcome !== "ok") return;
      own.unshift({ resource: operation.resource, version: operation.version, busy: false });
      own.length = Math.min(own.length, ownMax);
    },
  };
}

function update(n, resource, ifMatch, done = () => {}) {
  const value = `${plan.runName}-${n}`;
  const headers = ifMatch === undefined ? {} : { "If-Match": `W/"${ifMatch}"` };
  return {
    kind: "update",
    known: { resource, value, ifMatch },
    request: { method: "PUT", path: resource, body: observation(value, resource.split("/")[1]), headers },
    learn: (answer) => ({ version: versionOf(answer) }),
    done,
  };
}

function updateOwn(n) {
  const record = own.find(({ busy }) => !busy);
  if (record === undefined) return create(n);
  record.busy = true;
  return update(n, record.resource, record.version, ({ outcome, version }) => {
    record.busy = false;
    if (outcome === "ok") record.version = version;
    // Nobody knows what it is now.
    else own.splice(own.indexOf(record), 1);
  });
}

function read(resource, ownWrites, done = () => {}) {
  return {
    kind: "read",
    known: ownWrites ? { resource, fresh: true } : { resource },
    // A client that must see what it has just written says so, and rather waits for the primary.
    request: { method: "GET", path: resource, headers: ownWrites ? { "Cache-Control": "no-cache" } : {} },
    learn: (answer) => ({ version: versionOf(answer), value: answer.json("valueString") }),
    servedBy: ownWrites ? "primary" : undefined,
    done,
  };
}

function readHot(n, ownWrites) {
  return read(hotOf(n), ownWrites, ({ outcome, resource, version }) => {
    lastHot = outcome === "ok" ? { resource, version, readMs: Date.now() } : undefined;
  });
}

function updateHot(n) {
  const fresh = lastHot !== undefined && Date.now() - lastHot.readMs < 1_000;
  return fresh ? update(n, lastHot.resource, lastHot.version) : update(n, hotOf(n), undefined);
}

function search() {
  const query = `patient=${plan.patient}&code=${encodeURIComponent(`${plan.codeSystem}|${plan.runName}`)}&_count=5`;
  return {
    kind: "search",
    known: {},
    request: { method: "GET", path: `Observation?${query}`, headers: {} },
    learn: () => ({}),
    done: () => {},
  };
}

const actions = {
  create,
  updateHot,
  updateHotBlindly: (n) => update(n, hotOf(n), undefined),
  updateOwn,
  readHot: (n) => readHot(n, false),
  readHotNow: (n) => readHot(n, true),
  readOwn: (n) => (own.length > 0 ? read(own[0].resource, true) : readHot(n, true)),
  readAbsent: (n) => read(`Observation/absent-${n}-${plan.patient}`, true),
  search,
};

/** What an answer means to a client that follows the rules. */
function judge(answer) {
  const { status } = answer;
  if (status === 0) return { again: true, afterMs: plan.pauseMs, reason: `no answer: ${answer.error || "connection lost"}` };
  if (status >= 200 && status < 300) return { outcome: "ok" };
  const reason = `HTTP ${status} ${String(answer.body ?? "").slice(0, 200)}`;
  const retryAfter = answer.headers["Retry-After"];
  if (retryAfter !== undefined && (status >= 500 || status === 429))
    return { again: true, afterMs: Number(retryAfter) * 1_000 || plan.pauseMs, reason };
  if (status === 408 || status === 425 || status === 429) return { again: true, afterMs: plan.pauseMs, reason };
  return { outcome: status >= 400 && status < 500 ? "refused" : "failed", reason };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a request until it is answered or past its deadline; a repetition has the same key and leaves a connection that may be dead. */
async function carryOut(action, operation) {
  const { request } = action;
  const headers = { Authorization: `Bearer ${token}`, Accept: "application/fhir+json", ...request.headers };
  if (operation.key !== undefined)
    Object.assign(headers, { "Content-Type": "application/fhir+json", "Idempotency-Key": operation.key, Prefer: "return=minimal" });
  const deadlineMs = operation.dueMs + plan.deadlineMs;
  for (;;) {
    const leftMs = deadlineMs - Date.now();
    if (leftMs <= 0) {
      operation.reason = `past its deadline after ${operation.attempts} attempts: ${operation.reason ?? "never sent"}`;
      return;
    }
    const patienceMs = plan.attemptMs[operation.attempts] ?? leftMs;
    operation.attempts += 1;
    const answer = await http.asyncRequest(request.method, `${plan.url}/${request.path}`, request.body, {
      headers,
      redirects: 0,
      timeout: Math.max(1, Math.min(patienceMs, leftMs)),
    });
    operation.status = answer.status;
    const verdict = judge(answer);
    operation.reason = verdict.reason;
    if (verdict.again !== true) {
      operation.servedBy = answer.headers["Dsp-Served-By"] ?? action.servedBy;
      if (verdict.outcome === "ok") Object.assign(operation, action.learn(answer));
      operation.outcome = verdict.outcome;
      return;
    }
    operation.earlier = [...(operation.earlier ?? []), { endMs: Date.now(), reason: verdict.reason }];
    if (answer.status !== 0) operation.turnedAway = (operation.turnedAway ?? 0) + 1;
    await pause(Math.max(0, Math.min(verdict.afterMs, deadlineMs - Date.now())));
  }
}

async function operate(n, dueMs) {
  if (exec.instance.vusInitialized > plan.users) {
    console.log(JSON.stringify({ n, dueMs: Math.round(dueMs), skipped: true }));
    return;
  }
  const action = actions[plan.mix[n % plan.mix.length]](n);
  const write = action.kind === "create" || action.kind === "update";
  const operation = {
    n,
    kind: action.kind,
    ...(write ? { key: `${plan.runName}-${n}` } : {}),
    dueMs: Math.round(dueMs),
    startMs: Date.now(),
    endMs: 0,
    outcome: "failed",
    status: 0,
    attempts: 0,
    ...action.known,
  };
  try {
    await carryOut(action, operation);
  } catch (failure) {
    operation.reason = `the answer could not be read: ${failure}`;
  }
  operation.endMs = Date.now();
  // A timer may fire a moment early.
  operation.startMs = Math.max(operation.startMs, operation.dueMs);
  operation.endMs = Math.max(operation.endMs, operation.startMs);
  action.done(operation);
  console.log(JSON.stringify(operation));
}

export function second() {
  const first = exec.scenario.iterationInTest * plan.ratePerSecond;
  const startMs = exec.scenario.startTime;
  for (let n = first; n < first + plan.ratePerSecond; n++) {
    const dueMs = startMs + (n * 1_000) / plan.ratePerSecond;
    setTimeout(() => operate(n, dueMs), Math.max(0, dueMs - Date.now()));
  }
}
