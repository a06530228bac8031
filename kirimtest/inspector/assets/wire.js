// The wire: each request with its response, the attempts of one call together.

import { $, button, copy, el, latency, pretty, timeOf } from "./dom.js";
import { headers, rowList } from "./rows.js";

const buckets = {};

const list = rowList({
  view: "wire", what: "requests", rows: "wire-rows", more: "wire-more", none: "wire-none", search: "wire-search", select: "wire-filter",
  groupOf: (r) => (r.idempotency_key ? `key:${r.idempotency_key}` : r.id),
  seen: gauge,
  filter: (r, choice) => choice === "all" || (choice === "failed" && (r.status >= 400 || (r.done && r.status === 0))) ||
    (choice === "writes" && r.method !== "GET" && r.method !== "HEAD") || (choice === "reads" && (r.method === "GET" || r.method === "HEAD")),
  head: (r, all) => [
    el("span", { class: `badge ${tone(r)}` }, statusOf(r)),
    el("span", { class: "what" }, el("strong", {}, r.method), " ", el("span", { class: "path", title: r.path }, r.path.replace(/\/\d{9,}/, "/…") + (r.query ? `?${r.query}` : ""))),
    el("span", { class: "tags" },
      all.length > 1 && el("span", { class: "tag" }, `${all.length} attempts`),
      r.replayed && el("span", { class: "tag" }, "replayed"),
      r.faulty && el("span", { class: "tag warn" }, "fault"),
      r.summary && el("span", { class: "tag" }, r.summary)),
    el("span", { class: "when faint" }, `${timeOf(r.time)} · ${r.done ? latency(r.ms) : "…"}`),
  ],
  detail: (r, all) => [
    all.length > 1 && el("ol", { class: "attempts", "aria-label": "Attempts" }, ...all.map((a, i) => el("li", {},
      el("a", { href: `#/wire/${encodeURIComponent(a.id)}`, "aria-current": a.id === r.id ? "true" : null },
        `Attempt ${i + 1}: ${statusOf(a)}${a.replayed ? ", replayed" : ""}, ${latency(a.ms)}`)))),
    el("div", { class: "facts" },
      r.idempotency_key && el("span", {}, "Idempotency-Key ", el("code", {}, r.idempotency_key)),
      el("span", {}, "Request ", el("code", {}, r.id)),
      r.rate && el("span", {}, `${r.rate.remaining} of ${r.rate.limit} left in the ${r.rate.bucket} bucket`)),
    el("div", { class: "buttons-row" }, button("Copy as curl", () => copy(r.curl, "curl")), button("Copy as Go", () => copy(r.go, "Go")),
      messageOf(r) && el("a", { class: "button", href: `#/phone/message/${messageOf(r)}` }, "Show the message")),
    r.body !== null && el("h4", {}, "Request"), r.body !== null && el("pre", { class: "json", tabindex: "0" }, pretty(r.body)),
    headers("Request headers", r.headers),
    el("h4", {}, `Response: ${statusOf(r)}`), r.response_body !== null && el("pre", { class: "json", tabindex: "0" }, pretty(r.response_body)),
    headers("Response headers", r.response_headers),
  ].filter(Boolean),
});

function messageOf(r) {
  const id = r.response_body?.data?.id || r.response_body?.messages?.[0]?.id;
  return r.method === "POST" && /messages$/.test(r.path) && r.status < 300 ? id : null;
}

function statusOf(r) {
  if (!r.done) return "pending";
  return r.status === 0 ? "dropped" : String(r.status);
}

function tone(r) {
  if (!r.done) return "waiting";
  if (r.status === 0 || r.status >= 500) return "bad";
  return r.status >= 400 ? "warn" : "good";
}

const gauged = {}; // by bucket, the time of the request that the gauge shows

function gauge(r) {
  if (!r.rate || r.time < gauged[r.rate.bucket]) return;
  gauged[r.rate.bucket] = r.time;
  buckets[r.rate.bucket] = r.rate;
  $("gauges").replaceChildren(...["write", "read"].filter((b) => buckets[b]).map((b) => {
    const { limit, remaining } = buckets[b];
    const id = `gauge-${b}`;
    return el("div", { class: "gauge" }, el("label", { for: id }, `${b} bucket`),
      el("meter", { id, min: 0, max: limit, low: limit * 0.2, optimum: limit, value: remaining }, String(remaining)), el("span", {}, `${remaining}/${limit}`));
  }));
}

export const init = list.init;
export const load = list.load;
export const show = ([id]) => list.open(id);
export function changed(requests) {
  list.changed(requests);
}
