// Trouble: faults, late failures, templates, windows, limits and the clock.

import { $, ask, button, copy, el, toast } from "./dom.js";
import { call } from "./api.js";

let state = null;

export function init() {}
export async function load() {}
export function show() {}

export function setState(next) {
  state = next;
  // A form that a person is in the middle of is not taken away.
  if ($("view-trouble").contains(document.activeElement) && document.activeElement.matches("input, select")) {
    document.activeElement.addEventListener("blur", () => setTimeout(draw), { once: true });
    refreshFaults();
    return;
  }
  draw();
}

async function act(f, done) {
  try {
    await f();
    if (done) toast(done);
  } catch (error) {
    toast(error.message, true);
  }
}

const sends = { method: "POST", path: "/*/*/messages" };

const quick = [
  ["500 on the next send", { ...sends, status: 500 }],
  ["429 with Retry-After: 2", { ...sends, status: 429, header: { "Retry-After": ["2"] } }],
  ["Response lost, message sent", { ...sends, processed: true, drop: true }],
  ["Connection dropped before", { ...sends, drop: true }],
  ["502 page of a proxy, message sent", { ...sends, processed: true, status: 502, body: "<html><body>Bad Gateway</body></html>" }],
  ["Response cut in half", { ...sends, cut: true }],
  ["5 s slower", { ...sends, delay: "5s" }],
  ["Outage: 503 for 30 s", { status: 503, times: -1, for: "30s" }],
];

const failures = [
  [131026, "Undeliverable: not on WhatsApp, or an old version"],
  [131047, "More than 24 hours since the customer wrote"],
  [131049, "Not delivered, to keep the ecosystem healthy"],
  [131053, "The media could not be loaded"],
  [131042, "Problem with the payment method"],
];

function draw() {
  const controls = () => [...$("view-trouble").querySelectorAll("button, select, input, summary")];
  const focus = controls().indexOf(document.activeElement);
  $("view-trouble").replaceChildren(el("div", { class: "trouble-grid" }, faults(), statuses(), windows(), time(), limits(), hooks(), templates(), wipe()));
  if (focus >= 0) controls()[focus]?.focus();
}

const card = (title, ...children) => el("section", { class: "card-box", "aria-label": title }, el("h3", {}, title), ...children);

function describe(f) {
  const what = [];
  if (f.hang) what.push("hangs");
  if (f.unread || f.drop) what.push("drops the connection");
  if (f.status) what.push(String(f.status));
  if (f.cut) what.push("cuts the response");
  if (f.twice) what.push("takes effect twice");
  if (f.delay) what.push(`waits ${f.delay}`);
  if (f.slow) what.push(`is slow by ${f.slow}`);
  if (f.processed) what.push("after it took effect");
  const times = f.times < 0 ? "every time" : f.times > 1 ? `${f.times} times` : "once";
  return `${f.method || "any"} ${f.path || "any path"}: ${what.join(", ") || "nothing"}, ${times}${f.after ? `, in ${f.after}` : ""}${f.for ? `, for ${f.for}` : ""}`;
}

function faultList() {
  return el("ul", { class: "plain", id: "fault-list", "aria-label": "Armed faults" },
    ...state.faults.map((f) => el("li", {}, describe(f))), state.faults.length === 0 && el("li", { class: "faint" }, "No fault is armed."));
}

function refreshFaults() {
  $("fault-list")?.replaceWith(faultList());
}

function faults() {
  const form = el("form", { class: "inline" },
    field("Method", el("select", { name: "method" }, ...["POST", "GET", ""].map((m) => el("option", { value: m }, m || "any")))),
    field("Path", el("input", { name: "path", value: "/**", size: 14 })),
    field("Status", el("input", { name: "status", inputmode: "numeric", size: 4, placeholder: "503" })),
    field("Retry-After", el("input", { name: "retry", size: 4 })),
    field("Delay", el("input", { name: "delay", size: 5, placeholder: "2s" })),
    field("Times", el("input", { name: "times", inputmode: "numeric", size: 3, value: "1" })),
    el("label", { class: "check" }, el("input", { type: "checkbox", name: "processed" }), "takes effect first"),
    el("label", { class: "check" }, el("input", { type: "checkbox", name: "drop" }), "drops the connection"),
    el("button", { type: "submit" }, "Arm"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const v = form.elements;
    const fault = { method: v.method.value, path: v.path.value, status: Number(v.status.value) || 0, times: Number(v.times.value) || 1, processed: v.processed.checked, drop: v.drop.checked };
    if (v.delay.value) fault.delay = v.delay.value;
    if (v.retry.value) fault.header = { "Retry-After": [v.retry.value] };
    act(() => call("POST", "faults", fault), "Fault armed");
  });
  return card("Faults", el("div", { class: "buttons-row" },
    ...quick.map(([text, fault]) => button(text, () => act(() => call("POST", "faults", fault), `Armed: ${text}`)))),
  el("details", {}, el("summary", {}, "Another fault"), form), faultList(),
  button("Clear all faults", () => act(() => call("DELETE", "faults"), "No fault is armed")));
}

const field = (label, input) => el("label", {}, label, input);

function statuses() {
  const select = el("select", { id: "status-kind" }, ...[["delivered", "delivered"], ["read", "read"], ["unreported", "never heard of"]].map(([value, text]) =>
    el("option", { value, selected: (state.statuses.kind || "delivered") === value }, text)));
  select.addEventListener("change", () => act(() => call("PUT", "statuses", { kind: select.value }), `Messages are ${select.value} from now on`));
  const code = el("select", { id: "fail-code" }, ...failures.map(([c, text]) => el("option", { value: c }, `${c} ${text}`)));
  const failNext = (next) => call("PUT", "statuses", { next: [Number(next)] });
  return card("Late failures", el("div", { class: "inline" }, field("Messages are", select)),
    el("div", { class: "inline" }, field("Code", code), button("Fail the next message", () => act(() => failNext(code.value), "The next message is accepted, and fails a second later")),
      button("Other code…", () => ask({ title: "Fail the next message", text: "It is accepted, and fails a second later.",
        fields: [{ name: "code", label: "Meta's error code", inputmode: "numeric", required: true }], submit: (v) => failNext(v.code) }))),
    (state.statuses.next || []).length > 0 && el("p", { class: "faint" }, `Waiting to fail: ${state.statuses.next.join(", ")}`));
}

function windows() {
  const phone = el("input", { id: "window-phone", size: 16, placeholder: "+62…", inputmode: "tel" });
  const set = (body, done) => act(() => call("PUT", `customers/${encodeURIComponent(phone.value)}/window`, body), done);
  const open = decodeURIComponent(document.querySelector(".chat-row[aria-current]")?.dataset.chat || "").split(":")[1];
  if (open) phone.value = open;
  return card("24-hour window", el("div", { class: "inline" }, field("Customer", phone),
    button("Open now", () => set({ age: "0s" }, "The window is open for 24 hours")),
    button("Ends in a minute", () => set({ age: "23h59m" }, "The window ends in a minute")),
    button("Other age…", () => ask({ title: "Age of the window", text: `How long ago ${phone.value || "the customer"} wrote last.`, fields: [{ name: "age", label: "Age", value: "12h" }],
      submit: ({ age }) => call("PUT", `customers/${encodeURIComponent(phone.value)}/window`, { age }) })),
    button("Close", () => set({ closed: true }, "The window is closed"))));
}

function time() {
  const forward = (by) => act(() => call("POST", "clock/advance", { by }), `The clock is ${by} further`);
  return card("Clock", el("div", { class: "buttons-row" }, button("+ 1 min", () => forward("1m")), button("+ 1 h", () => forward("1h")), button("+ 24 h", () => forward("24h")),
    button("Other…", () => ask({ title: "Put the clock forward", text: "All that falls due on the way happens, at its own time.", fields: [{ name: "by", label: "By", value: "31h" }],
      submit: ({ by }) => call("POST", "clock/advance", { by }) }))),
  state.clock.ahead && el("p", { class: "faint" }, `${state.clock.ahead} ahead of this machine`));
}

function limits() {
  const set = (plan, done) => act(() => call("PUT", "plan", plan), done);
  const p = state.plan;
  return card("Rate limits", el("p", {}, `${p.name}: ${p.write_per_minute} writes and ${p.read_per_minute} reads per minute`),
    el("div", { class: "buttons-row" }, button("Free", () => set({ name: "free" }, "60 writes per minute")), button("Pro", () => set({ name: "pro" }, "600 writes per minute")),
      button("Other…", () => ask({ title: "Rate limits", fields: [{ name: "write", label: "Writes per minute", value: "6000" }, { name: "read", label: "Reads per minute", value: "60000" }],
        submit: ({ write, read }) => call("PUT", "plan", { name: "enterprise", write_per_minute: Number(write), read_per_minute: Number(read) }) }))));
}

function templates() {
  const statusesOf = ["approved", "pending", "rejected", "paused", "disabled"];
  return card("Templates", el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Templates" }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Name"), el("th", { scope: "col" }, "Language"), el("th", { scope: "col" }, "Status"))),
    el("tbody", {}, ...(state.templates || []).map((t, i) => {
      const select = el("select", { id: `template-${i}`, "aria-label": `Status of ${t.name}` }, ...statusesOf.map((s) => el("option", { value: s, selected: s === t.status }, s)));
      select.addEventListener("change", () => act(() => call("PUT", `templates/${encodeURIComponent(t.name)}/status`, { status: select.value }), `${t.name} is ${select.value}`));
      return el("tr", {}, el("td", {}, t.name), el("td", {}, t.language), el("td", {}, select));
    })))));
}

function hooks() {
  const url = el("input", { id: "hook-url", type: "url", size: 28, placeholder: "http://localhost:8080/webhooks" });
  const list = state.subscriptions || [];
  return card("Webhooks", el("ul", { class: "plain" }, ...list.map((s) => el("li", {}, `${s.url}: ${s.status}, ${s.events.length} events`)),
    list.length === 0 && el("li", { class: "faint" }, "No webhook is subscribed.")),
  el("div", { class: "inline" }, field("URL", url), button("Subscribe", () => act(() => call("POST", "subscriptions", { url: url.value }), "Subscribed to all events")),
    button("Copy secret", () => copy(state.connection.environment.find((l) => l.includes("WEBHOOK_SECRET"))?.split("=")[1] || "", "Webhook secret"))));
}

function wipe() {
  return card("Start over", el("p", { class: "faint" }, "Forgets messages, requests and faults. Contacts, windows and templates stay."),
    button("Forget messages", () => act(() => call("POST", "reset", {}), "Forgotten"), { class: "danger" }));
}
