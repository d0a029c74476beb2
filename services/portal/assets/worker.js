// Between the browser and the portal: a page that is asked for while nobody answers the address, since it moves from one site to the other, is
// asked for again until somebody does, instead of the browser's own page of errors. It keeps nothing.
"use strict";

const giveUpMs = 20_000;
const pauseMs = 300;

self.addEventListener("install", (event) => {
  // What a page sends while it is left (a draft) must not go through here: the page would have to live until it has been handed on.
  event.addRoutes?.({ condition: { requestMethod: "POST" }, source: "network" });
  self.skipWaiting();
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(load(request));
});

async function load(request) {
  const begun = Date.now();
  for (;;) {
    try {
      return await fetch(request);
    } catch (error) {
      // Somebody who has gone elsewhere, or whose own line is down, waits for nothing.
      if (request.signal.aborted || !navigator.onLine || Date.now() - begun > giveUpMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
