import { type Content, type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import { fill, instantText, sizeText } from "../../layout/language.ts";
import { judgeService, sitesOf } from "../../platform/judge-platform.ts";
import type { Platform, PodSight, PostgresSight, SentinelSight, ServiceSight, WatcherSight } from "../../platform/sights.ts";
import type { platformTexts } from "./platform-texts.ts";
import { table } from "./table.ts";

/** A text of the page, in the reader's language. */
export type Say = (name: keyof typeof platformTexts) => string;

/** @param key what the fact is about, for the list of changes; the same in each refreshed part */
function fact(key: string, value: string, state: "good" | "problem" | "warning" | "plain" = "plain"): Html {
  return state === "plain"
    ? html`<span data-fact="${key}">${value}</span>`
    : html`<span class="tag tag-${state}" data-fact="${key}">${value}</span>`;
}

function unknown(text: Say): Html {
  return html`<p class="empty">${text("unknown")}</p>`;
}

export function postgresSection(sights: readonly PostgresSight[], text: Say, language: Language): Html {
  const roles = { primary: text("primary"), standby: text("standby"), "old primary": text("oldPrimary") } as const;
  const states = { answering: "good", slow: "warning", silent: "problem" } as const;
  const row = ({ instance, role, state, timeline, behindBytes }: PostgresSight): Html => {
    const behind =
      behindBytes === undefined
        ? role === "primary"
          ? "–"
          : text("unknown")
        : behindBytes < 1024
          ? text("upToDate")
          : sizeText(behindBytes, language);
    return html`<tr><th scope="row">${instance}</th><td>${fact(`${instance}: ${text("role")}`, role === undefined ? text("unknown") : roles[role], role === "old primary" ? "problem" : "plain")}</td><td>${fact(instance, text(state), states[state])}</td><td>${timeline ?? "–"}</td><td>${behind}</td></tr>`;
  };
  const heads = [text("instance"), text("role"), text("state"), text("timeline"), text("behind")];
  return html`<h2>${text("postgres")}</h2>${sights.length === 0 ? unknown(text) : table(text("postgres"), heads, sights.map(row))}`;
}

export function servicesSection({ services }: Platform, text: Say): Html {
  const everywhere = services.flatMap(({ pods }) => pods ?? []);
  const known = sitesOf(services);
  const sites: (string | undefined)[] = [...known];
  if (everywhere.some(({ site }) => site === undefined)) sites.push(undefined);
  const heads = [text("service"), ...sites.map((site) => site ?? text("siteUnknown")), text("state")];
  const row = (sight: ServiceSight): Html => {
    const judgement = judgeService(sight, known);
    const state = judgement === "good" ? "good" : judgement === "bad" ? "problem" : "warning";
    return html`<tr><th scope="row">${sight.service}</th>${sites.map((site) => html`<td>${cell(sight, site, text)}</td>`)}<td>${fact(`${sight.service}: ${text("state")}`, text(judgement), state)}</td></tr>`;
  };
  const pods = services.flatMap(({ service, pods: own }) => (own ?? []).map((pod) => podRow(service, pod, text)));
  const podHeads = [text("service"), text("pod"), text("site"), text("node"), text("state"), text("writesTo")];
  return html`<h2>${text("services")}</h2>${table(text("services"), heads, services.map(row))}
${pods.length === 0 ? undefined : html`<details id="pods"><summary>${text("pods")} (${pods.length})</summary>${table(text("pods"), podHeads, pods)}</details>`}`;
}

function cell({ service, pods }: ServiceSight, site: string | undefined, text: Say): Content {
  const here = pods?.filter((pod) => pod.site === site);
  if (!here) return text("unknown");
  // Pods whose site is not known are the exception: none of them is nothing to tell.
  if (here.length === 0) return site === undefined ? "–" : fact(`${service}, ${site}`, text("nonePods"), "warning");
  const ready = here.filter(({ state }) => state === "ready").length;
  const key = `${service}, ${site ?? text("siteUnknown")}`;
  return fact(key, fill(text("readyOf"), { ready, all: here.length }), ready === here.length ? "plain" : "problem");
}

function podRow(service: string, { address, pod, site, node, state, reason, primary }: PodSight, text: Say): Html {
  const states = { ready: "good", draining: "warning", "not ready": "problem", silent: "problem" } as const;
  const words = { ready: text("ready"), draining: text("draining"), "not ready": text("notReady"), silent: text("silent") } as const;
  const why = state === "not ready" && reason !== undefined ? ` (${reason})` : "";
  return html`<tr><th scope="row">${service}</th><td>${pod ?? address}</td><td>${site ?? text("unknown")}</td><td>${node ?? text("unknown")}</td><td>${fact(pod ?? `${service} ${address}`, words[state] + why, states[state])}</td><td>${primary ?? text("unknown")}</td></tr>`;
}

export function redisSection(sentinels: readonly SentinelSight[] | undefined, text: Say): Html {
  const row = ({ name, state, primary, primaryDown, replicas }: SentinelSight): Html => {
    const up = replicas?.filter(({ isDown, isLinked }) => !isDown && isLinked).length ?? 0;
    const shown = primary === undefined ? text("unknown") : primaryDown ? fill(text("isDown"), { name: primary }) : primary;
    const following = replicas ? fill(text("followOf"), { up, all: replicas.length }) : text("unknown");
    return html`<tr><th scope="row">${name}</th><td>${fact(`${text("sentinel")} ${name}`, text(state), state === "answering" ? "good" : "problem")}</td><td>${fact(`${text("sentinel")} ${name}: ${text("seesPrimary")}`, shown, primaryDown ? "problem" : "plain")}</td><td>${fact(`${text("sentinel")} ${name}: ${text("seesReplicas")}`, following, replicas && up < replicas.length ? "problem" : "plain")}</td></tr>`;
  };
  const heads = [text("sentinel"), text("state"), text("seesPrimary"), text("seesReplicas")];
  return html`<h2>${text("redis")}</h2>${sentinels === undefined ? unknown(text) : table(text("redis"), heads, sentinels.map(row))}`;
}

export function watchersSection(watchers: readonly WatcherSight[] | undefined, text: Say): Html {
  const states = { ready: "good", "not ready": "problem", silent: "problem" } as const;
  const words = { ready: text("ready"), "not ready": text("notReady"), silent: text("silent") } as const;
  const row = ({ site, state, isOverruled, primary, instances }: WatcherSight): Html => {
    const standing = isOverruled === undefined ? text("unknown") : isOverruled ? text("overruled") : text("asOthers");
    const all = instances && Object.values(instances);
    const up = all ? fill(text("followOf"), { up: all.filter(Boolean).length, all: all.length }) : text("unknown");
    const seen = primary ? fill(text("onTimeline"), { name: primary.instance, timeline: primary.timeline }) : text("unknown");
    const key = `${text("watchers")} ${site}`;
    return html`<tr><th scope="row">${site}</th><td>${fact(key, words[state], states[state])}</td><td>${fact(`${key}: ${text("standing")}`, standing, isOverruled ? "problem" : "plain")}</td><td>${fact(`${key}: ${text("seesPrimary")}`, seen)}</td><td>${fact(`${key}: ${text("instancesUp")}`, up, all && !all.every(Boolean) ? "problem" : "plain")}</td></tr>`;
  };
  const heads = [text("site"), text("state"), text("standing"), text("seesPrimary"), text("instancesUp")];
  return html`<h2>${text("watchers")}</h2><p>${text("watchersLead")}</p>${watchers === undefined ? unknown(text) : table(text("watchers"), heads, watchers.map(row))}`;
}

export function backupsSection({ backups, services }: Platform, text: Say, language: Language): Html {
  if (backups === undefined) return html`<h2>${text("backups")}</h2>${unknown(text)}`;
  const sites = [...new Set([...sitesOf(services), ...backups.map(({ site }) => site)])].toSorted();
  const row = (site: string): Html => {
    const last = backups.find((backup) => backup.site === site);
    const when = last
      ? fact(`${text("backup")} ${site}`, instantText(last.endedAt, language))
      : fact(`${text("backup")} ${site}`, text("noBackup"), "warning");
    return html`<tr><th scope="row">${site}</th><td>${when}</td><td>${last ? sizeText(last.bytes, language) : "–"}</td></tr>`;
  };
  const heads = [text("site"), text("backup"), text("size")];
  return html`<h2>${text("backups")}</h2><p>${text("backupsLead")}</p>${sites.length === 0 ? unknown(text) : table(text("backups"), heads, sites.map(row))}`;
}

/** @param edge the header by which an edge says which one it is; it replaces what a client sent */
export function edgeSection(edge: string | undefined, text: Say): Html {
  const name = edge !== undefined && /^[a-z0-9-]{1,63}$/.test(edge) ? edge : undefined;
  return html`<h2>${text("edge")}</h2><dl class="facts"><dt>${text("edgeOfPage")}</dt><dd>${fact(text("edge"), name ?? text("unknown"))}</dd></dl>`;
}
