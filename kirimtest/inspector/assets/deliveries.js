// Deliveries: each webhook with its attempts and what the service answered.

import { $, button, copy, el, latency, pretty, span, timeOf, toast } from "./dom.js";
import { call, clock } from "./api.js";
import { headers, rowList } from "./rows.js";

const tones = { delivered: "good", pending: "waiting", failed: "bad", dead: "bad" };

const list = rowList({
  view: "deliveries", what: "deliveries", rows: "delivery-rows", more: "delivery-more", none: "delivery-none", search: "delivery-search", select: "delivery-filter",
  groupOf: (d) => d.id,
  filter: (d, choice) => choice === "all" || d.status === choice || (choice === "failed" && d.status === "dead"),
  head: (d) => [
    el("span", { class: `badge ${tones[d.status]}` }, d.status),
    el("span", { class: "what" }, el("strong", {}, d.event), ` ${d.summary || ""} `, el("span", { class: "path", title: d.url }, d.url)),
    el("span", { class: "tags" },
      d.attempts.length > 0 && el("span", { class: "tag" }, d.attempts.length === 1 ? "1 attempt" : `${d.attempts.length} attempts`),
      d.attempts.length > 0 && el("span", { class: "tag" }, String(d.attempts.at(-1).status || d.attempts.at(-1).error)),
      duplicates(d) && el("span", { class: "tag" }, duplicates(d)),
      d.replayed_from && el("span", { class: "tag" }, "replay")),
    el("span", { class: "when faint" }, timeOf(d.time), d.next_attempt && el("span", { class: "countdown", "data-until": d.next_attempt }, remaining(d.next_attempt))),
  ],
  detail: (d) => {
    const last = d.attempts.at(-1);
    const signature = last?.headers?.["X-Kirim-Signature"] || last?.headers?.["X-Hub-Signature-256"];
    return [
      el("div", { class: "facts" }, d.event_id && el("span", {}, "Event ", el("code", {}, d.event_id)), el("span", {}, "Delivery ", el("code", {}, d.id)),
        signature && el("span", {}, "Signature ", el("code", {}, signature.join(", "))),
        d.replayed_from && el("a", { href: `#/deliveries/${d.replayed_from}` }, "The delivery that this replays")),
      el("div", { class: "buttons-row" },
        button("Deliver again", async () => {
          try {
            const again = await call("POST", `deliveries/${d.id}/replay`, {});
            location.hash = `#/deliveries/${again.id}`;
          } catch (error) {
            toast(error.message, true);
          }
        }),
        button("Copy body", () => copy(pretty(d.body), "Body"))),
      el("h4", {}, "Attempts"),
      el("ol", { class: "attempts" }, ...d.attempts.map((a) => el("li", {},
        `${timeOf(a.time)}: ${a.status || a.error}, ${latency(a.ms)}`,
        a.response && a.response !== null && el("pre", { class: "json", tabindex: "0" }, pretty(a.response))))),
      d.attempts.length === 0 && el("p", { class: "faint" }, "None has ended yet."),
      el("h4", {}, "Body"), el("pre", { class: "json", tabindex: "0" }, pretty(d.body)),
      headers("Headers of the last attempt", last?.headers),
    ].filter(Boolean);
  },
});

// duplicates is what the SDK's webhook handler says that it had handled before.
function duplicates(d) {
  const said = /^duplicates: (\d+)/.exec(d.attempts.at(-1)?.response || "");
  return said && (said[1] === "1" ? "duplicate" : `${said[1]} duplicates`);
}

function remaining(until) {
  const left = new Date(until) - clock.now();
  return left > 0 ? ` · next in ${span(left)}` : " · due";
}

export function tick() {
  for (const node of document.querySelectorAll(".countdown")) {
    node.textContent = remaining(node.dataset.until);
  }
}

export const init = list.init;
export const load = list.load;
export const show = ([id]) => list.open(id);
export const changed = list.changed;
