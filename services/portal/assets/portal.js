// What makes the pages pleasanter; each of them works without it. No framework, no inline code, nothing from elsewhere.
"use strict";

const banner = () => document.getElementById("banner");
const waitBeforeBannerMs = 2000;
const giveUpMs = 90_000;
let bannerTimer;

function say(name) {
  const element = banner();
  if (!element) return;
  element.querySelector("span").textContent = element.dataset[name];
  element.hidden = false;
}

function watchWait() {
  clearTimeout(bannerTimer);
  bannerTimer = setTimeout(() => say("waiting"), waitBeforeBannerMs);
}

function endWait() {
  clearTimeout(bannerTimer);
  const element = banner();
  if (element) element.hidden = true;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a form until it is answered: it carries a key by which the server does it once. */
async function sendUntilAnswered(form, body) {
  const begun = Date.now();
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { "Dsp-Script": "1" }, signal: AbortSignal.timeout(30_000) });
      if (![502, 503, 504].includes(response.status) || Date.now() - begun > giveUpMs) return response;
    } catch (error) {
      if (Date.now() - begun > giveUpMs) throw error;
    }
    await sleep(Math.min(4000, 300 * 2 ** attempt));
  }
}

function bodyOf(form, submitter) {
  const data = new FormData(form, submitter);
  if (form.enctype === "multipart/form-data") return data;
  return new URLSearchParams([...data].filter(([, value]) => typeof value === "string"));
}

async function submit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || form.dataset.retry === undefined) return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  const button = event.submitter;
  button?.setAttribute("aria-disabled", "true");
  watchWait();
  let leaves = false;
  try {
    const response = await sendUntilAnswered(form, bodyOf(form, event.submitter));
    const location = response.headers.get("Dsp-Location");
    if (location) {
      if (!response.headers.has("Dsp-Keep")) forget(form);
      // The wait goes on until the next page is there.
      leaves = true;
      window.location.assign(location);
      return;
    }
    if ([502, 503, 504].includes(response.status)) {
      say("gaveUp");
      return;
    }
    show(await response.text());
  } catch {
    say("gaveUp");
  } finally {
    if (!leaves) clearTimeout(bannerTimer);
    delete form.dataset.sending;
    button?.removeAttribute("aria-disabled");
  }
}

/** Shows a page that came as an answer, with the focus on what is wrong. */
function show(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  document.title = next.title;
  document.body.replaceWith(document.adoptNode(next.body));
  begin();
  (document.getElementById("problems") ?? document.getElementById("content"))?.focus();
  window.scrollTo(0, 0);
}

// What is typed stays in this tab, so that a reload or a new sign-in loses nothing, and goes to the server for another day.
const storageKey = (form) => `draft:${form.dataset.draft}`;

function typedIn(form) {
  const fields = [...new FormData(form)].filter(([name, value]) => !name.startsWith("_") && typeof value === "string");
  return Object.fromEntries(fields);
}

function remember(form) {
  try {
    sessionStorage.setItem(storageKey(form), JSON.stringify(typedIn(form)));
  } catch {
    // Storage is full or switched off: the server keeps it.
  }
  clearTimeout(form.draftTimer);
  form.draftTimer = setTimeout(() => sendDraft(form), 1200);
}

function sendDraft(form) {
  clearTimeout(form.draftTimer);
  form.draftTimer = undefined;
  const body = new URLSearchParams({ ...typedIn(form), _token: form.elements._token.value, _key: form.elements._key.value });
  fetch(`/portal/drafts/${encodeURIComponent(form.dataset.draft)}`, { method: "POST", body, keepalive: true }).catch(() => {});
}

function forget(form) {
  if (form.dataset.draft === undefined) return;
  clearTimeout(form.draftTimer);
  form.draftTimer = undefined;
  sessionStorage.removeItem(storageKey(form));
}

function restore(form) {
  const kept = sessionStorage.getItem(storageKey(form));
  if (!kept) return;
  for (const [name, value] of Object.entries(JSON.parse(kept))) {
    const field = form.elements.namedItem(name);
    if (field instanceof RadioNodeList) field.value = value;
    else if (field && "value" in field && field.type !== "file" && field.type !== "checkbox") field.value = value;
    else if (field?.type === "checkbox") field.checked = field.value === value;
  }
}

function prepareDrop(zone) {
  const input = zone.querySelector("input[type=file]");
  const hint = zone.querySelector(".drop-hint");
  if (hint) hint.hidden = false;
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("drop-over", on);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer?.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}

// A part of a page that shows what is so now is asked for again and again, from whichever server answers: it outlives any of them.
const liveEveryMs = 2000;
const changesMax = 50;
let liveTimer;

/** As the server writes it: the platform's own time. */
const clock = (ms) => new Date(ms).toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23", timeZone: "Europe/Luxembourg" });

function factsOf(element) {
  return new Map([...element.querySelectorAll("[data-fact]")].map((each) => [each.dataset.fact, each.textContent]));
}

function tellChanges(element, before) {
  const section = document.getElementById(element.dataset.liveChanges);
  if (!section) return;
  const after = factsOf(element);
  const list = section.querySelector("ol");
  for (const [fact, now] of after) {
    const was = before.get(fact);
    if (was === now) continue;
    const item = document.createElement("li");
    item.textContent = `${clock(Date.now())}  ${fact}: ${was ?? "–"} → ${now}`;
    list.prepend(item);
  }
  for (const fact of before.keys()) {
    if (after.has(fact)) continue;
    const item = document.createElement("li");
    item.textContent = `${clock(Date.now())}  ${fact}: ${before.get(fact)} → –`;
    list.prepend(item);
  }
  while (list.children.length > changesMax) list.lastChild.remove();
  section.querySelector("p").hidden = list.children.length > 0;
}

async function refreshLive(element) {
  const stale = document.getElementById(element.dataset.liveStale);
  try {
    const response = await fetch(element.dataset.live, { signal: AbortSignal.timeout(8000), redirect: "error" });
    if (!response.ok || element.dataset.paused) throw new Error("not now");
    const next = new DOMParser().parseFromString(await response.text(), "text/html").body;
    const before = factsOf(element);
    // What the reader has opened stays open, and the focus stays where it is.
    for (const details of element.querySelectorAll("details[open]")) next.querySelector(`#${details.id}`)?.setAttribute("open", "");
    const place = [...element.querySelectorAll("[tabindex], summary")].indexOf(document.activeElement);
    element.replaceChildren(...document.adoptNode(next).childNodes);
    if (place >= 0) element.querySelectorAll("[tabindex], summary")[place]?.focus({ preventScroll: true });
    element.dataset.answeredMs = Date.now();
    element.classList.remove("is-stale");
    if (stale) stale.hidden = true;
    tellChanges(element, before);
  } catch {
    if (!stale || element.dataset.paused || Date.now() - Number(element.dataset.answeredMs) < 2 * liveEveryMs) return;
    const time = clock(Number(element.dataset.answeredMs));
    if (stale.hidden) stale.textContent = stale.dataset.text.replace("{time}", time);
    stale.hidden = false;
    element.classList.add("is-stale");
  }
}

function beginLive(element) {
  element.dataset.answeredMs = Date.now();
  const changes = document.getElementById(element.dataset.liveChanges);
  if (changes) changes.hidden = false;
  clearTimeout(liveTimer);
  const again = async () => {
    if (!element.isConnected) return;
    if (!element.dataset.paused && !document.hidden) await refreshLive(element);
    liveTimer = setTimeout(again, liveEveryMs);
  };
  liveTimer = setTimeout(again, liveEveryMs);
}

function pauseLive(button) {
  const element = document.getElementById(button.dataset.livePause);
  if (element.dataset.paused) delete element.dataset.paused;
  else element.dataset.paused = "1";
  [button.textContent, button.dataset.resume] = [button.dataset.resume, button.textContent];
}

function begin() {
  for (const element of document.querySelectorAll("[data-live]")) beginLive(element);
  for (const button of document.querySelectorAll("[data-live-pause], [data-live-note]")) button.hidden = false;
  for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
  for (const zone of document.querySelectorAll("[data-drop]")) prepareDrop(zone);
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
  document.querySelector(".main-navigation [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

document.addEventListener("submit", (event) => void submit(event));
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (form) remember(form);
});
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-now]");
  if (form) form.requestSubmit();
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
  const pause = event.target.closest?.("[data-live-pause]");
  if (pause) pauseLive(pause);
  const link = event.target.closest?.("a[href]");
  if (link && link.origin === location.origin && !link.target && !link.hasAttribute("download") && !link.hash) watchWait();
});
window.addEventListener("pagehide", () => {
  endWait();
  for (const form of document.querySelectorAll("form[data-draft]")) if (form.draftTimer) sendDraft(form);
});
window.addEventListener("pageshow", endWait);
navigator.serviceWorker?.register("/portal/worker.js").catch(() => {});
begin();
