// Keeps the page as it is on the server. News come as a stream of what changed;
// without the stream the page asks every few seconds. What is fetched is the
// page itself, and only the parts that differ are put in place, so that focus,
// selection and what a screen reader is saying stay where they are.
"use strict";
(() => {
  const POLL = 5000, REST = 250, AGAIN = 30000, TICK = 10000;
  const follow = document.body.dataset.follow.split(" ");
  const sign = document.getElementById("live");
  const shown = new Map(); // id of a part: its markup as the server gave it
  let source = null, asked = false, streaming = false, reachable = true, wanted = false, busy = false;

  const parts = (doc) => doc.querySelectorAll("[data-live]");
  // The words of relative times differ at every look; they are no news.
  const markup = (el) => {
    const copy = el.cloneNode(true);
    copy.querySelectorAll("[data-rel], [data-since]").forEach((t) => { t.textContent = ""; });
    return copy.innerHTML;
  };
  parts(document).forEach((el) => shown.set(el.id, markup(el)));

  function say() {
    const text = !reachable ? "Offline; trying again" : streaming ? "Live" : !asked ? "Connecting" : `Checks every ${POLL / 1000} s`;
    if (sign.textContent !== text) sign.textContent = text;
    sign.className = !reachable ? "off" : streaming ? "on" : "";
    sign.hidden = false;
  }

  function put(doc) {
    document.title = doc.title;
    for (const fresh of parts(doc)) {
      const here = document.getElementById(fresh.id), now = markup(fresh);
      if (!here || shown.get(fresh.id) === now) continue;
      shown.set(fresh.id, now);
      const focused = here.contains(document.activeElement) ? document.activeElement : null;
      const same = focused && (focused.getAttribute("href") ? `[href="${CSS.escape(focused.getAttribute("href"))}"]` : focused.name ? `[name="${CSS.escape(focused.name)}"]${focused.value && focused.tagName === "BUTTON" ? `[value="${CSS.escape(focused.value)}"]` : ""}` : focused.tagName);
      const typed = [...here.querySelectorAll("textarea, input:not([type=hidden])")].filter((f) => f.value !== f.defaultValue).map((f) => [f.name, f.value]);
      here.innerHTML = fresh.innerHTML;
      for (const [name, value] of typed) { // what somebody is typing stays
        const field = here.querySelector(`[name="${CSS.escape(name)}"]`);
        if (field) field.value = value;
      }
      if (focused) (here.querySelector(same) || document.getElementById("main")).focus({ preventScroll: true });
    }
    const asof = document.querySelector("#asof time"), then = doc.querySelector("#asof time");
    if (asof && then) asof.replaceWith(then);
    times();
  }

  async function refresh() {
    if (busy) { wanted = true; return; }
    busy = true;
    do {
      wanted = false;
      try {
        const res = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
        reachable = true;
        if (res.ok) put(new DOMParser().parseFromString(await res.text(), "text/html"));
      } catch { reachable = false; }
      say();
      await new Promise((done) => setTimeout(done, REST)); // a burst is one look
    } while (wanted);
    busy = false;
  }

  function listen() {
    if (!window.EventSource) { asked = true; say(); return; }
    source = new EventSource("/api/v1/events");
    source.onopen = () => { asked = streaming = true; say(); refresh(); }; // what came before it
    source.onerror = () => {
      asked = true;
      streaming = false;
      say();
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN);
    };
    source.addEventListener("changed", (e) => {
      const what = JSON.parse(e.data);
      if (follow[0] === "all" || follow.includes(`${what.kind}/${what.id}`)) refresh();
    });
  }

  function times() {
    const now = Date.now();
    document.querySelectorAll("time[data-rel]").forEach((t) => { set(t, ago(now - Date.parse(t.dateTime))); });
    document.querySelectorAll("[data-since]").forEach((t) => { set(t, span(Math.max(0, now - Date.parse(t.dataset.since)))); });
  }
  function set(el, text) { if (el.textContent !== text) el.textContent = text; }
  function ago(ms) {
    const s = Math.abs(ms) / 1000;
    if (s < 45) return "just now";
    const text = s < 3600 ? `${Math.floor(s / 60)} min` : s < 345600 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`;
    return ms < 0 ? `in ${text}` : `${text} ago`;
  }
  function span(ms) {
    const s = Math.round(ms / 1000), two = (a, x, b, y) => `${a}${x}${b ? ` ${b}${y}` : ""}`;
    if (s < 1) return "under 1s";
    if (s < 60) return `${s}s`;
    if (s < 3600) return two(Math.floor(s / 60), "m", s % 60, "s");
    if (s < 86400) return two(Math.floor(s / 3600), "h", Math.floor(s % 3600 / 60), "m");
    return two(Math.floor(s / 86400), "d", Math.floor(s % 86400 / 3600), "h");
  }

  say();
  listen();
  setInterval(() => { if (!streaming && !document.hidden) refresh(); }, POLL);
  setInterval(() => { if (!document.hidden) times(); }, TICK);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { times(); if (!streaming) refresh(); } });
  addEventListener("pagehide", () => { if (source) source.close(); });
  addEventListener("pageshow", (e) => { if (e.persisted) { streaming = false; listen(); refresh(); } });
})();
