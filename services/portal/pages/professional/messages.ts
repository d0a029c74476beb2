import { type Html, html } from "../../../lib/html.ts";
import type { MessageItem } from "../../clients/mailbox.ts";
import type { Deps } from "../../deps.ts";
import { fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import type { Member } from "../../session/visit.ts";
import { actorNames } from "./directory.ts";
import { messagesTexts } from "./messages-texts.ts";

/** What came, or what went. Its lines do not say about whom: that is told when one is opened. */
export async function messagesPage(visit: Member, deps: Deps): Promise<Response> {
  const { caller, call, language } = visit;
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][language];
  const box = call.req.query("box") === "sent" ? "sent" : "inbox";
  const cursor = /^\d{1,18}$/.exec(call.req.query("cursor") ?? "")?.[0];
  const { items, next, counts } = await deps.mailbox.box(caller, box, cursor);
  const names = await actorNames(
    visit,
    deps,
    items.flatMap(({ from, to }) => [...from, ...to]),
  );
  const { unread } = counts;
  const boxes = (["inbox", "sent"] as const).map(
    (each) =>
      html`<li><a href="/portal/professional/messages${each === "sent" ? "?box=sent" : ""}"${each === box ? html` aria-current="page"` : undefined}>${text(each)}${each === "inbox" && unread > 0 ? html` <span class="count">${unread}<span class="hidden"> ${text("unread")}</span></span>` : undefined}</a></li>`,
  );
  return page(visit, {
    title: unread > 0 ? fill(text("titleUnread"), { count: unread }) : text("title"),
    area: "professional",
    notice:
      call.req.query("done") === "sent"
        ? html`<p>${text(call.req.query("deposit") === "refused" ? "depositRefused" : "doneSent")}</p>`
        : undefined,
    content: html`<div class="tabs-row"><nav class="tabs" aria-label="${text("boxes")}"><ul>${boxes}</ul></nav><a class="button" href="/portal/professional/messages/new">${text("new")}</a></div>
${items.length === 0 ? html`<p class="empty">${text(box === "sent" ? "emptySent" : "emptyInbox")}</p>` : html`<ul class="entries">${items.map((item) => line(visit, item, box, names))}</ul>`}
${next === undefined ? undefined : html`<nav class="pager"><a class="button-secondary" href="/portal/professional/messages?${new URLSearchParams({ box, cursor: next }).toString()}">${text("older")}</a></nav>`}`,
  });
}

function line({ language }: Member, item: MessageItem, box: "inbox" | "sent", names: ReadonlyMap<string, string>): Html {
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][language];
  const called = (actors: readonly string[]): string => actors.map((actor) => names.get(actor) ?? actor).join(", ");
  const who = box === "sent" ? fill(text("to"), { name: called(item.to) }) : fill(text("from"), { name: called(item.from) });
  const facts = [
    who,
    instantText(item.sent, language),
    item.patient === undefined ? "" : text("aboutPatient"),
    box === "sent" && item.kind === "message" ? openedText(item, text) : "",
  ];
  return html`<li${item.unread ? html` class="unread"` : undefined}><div class="entry"><a class="entry-title" href="/portal/professional/messages/threads/${item.thread}">${item.subject ?? text("title")}</a><p class="soft small">${facts.filter(Boolean).join(" · ")}</p></div>${item.kind === "referral" ? html`<span class="tag">${text("referral")}: ${referralStatus(item.status, language)}</span>` : undefined}${item.unread ? html`<span class="tag tag-strong">${text("unread")}</span>` : undefined}</li>`;
}

function openedText({ opened = [] }: MessageItem, text: (name: keyof typeof messagesTexts) => string): string {
  const readers = opened.flatMap(({ name }) => name ?? []);
  return opened.length === 0 ? text("notOpened") : fill(text("openedBy"), { name: readers.join(", ") || "–" });
}

export function referralStatus(status: string, language: Member["language"]): string {
  return status in messagesTexts ? messagesTexts[status as keyof typeof messagesTexts][language] : status;
}
