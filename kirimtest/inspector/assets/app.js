import { $, ask, copy, initDialog, span } from "./dom.js";
import { clock, get, live } from "./api.js";
import * as phone from "./phone.js";
import * as wire from "./wire.js";
import * as deliveries from "./deliveries.js";
import * as trouble from "./trouble.js";

const views = { phone, wire, deliveries, trouble };
let state = null;

// The address is #/VIEW/ID/…: each view knows what its ids mean.
function route() {
  const [name, ...ids] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const view = views[name] ? name : "phone";
  document.body.dataset.view = view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  views[view].show(ids);
}

async function loadState() {
  state = await get("state");
  clock.set(state.clock.now);
  phone.setState(state);
  trouble.setState(state);
  tick();
}

async function reload() {
  await Promise.all([loadState(), ...Object.values(views).map((v) => v.load())]);
}

// The list of conversations is asked for twice a second at most, and not at all for
// what phone knows how to add.
let listTimer = 0;
let lastList = 0;
let settings = false;
function changed(changes) {
  const known = phone.changed(changes.messages || [], changes.statuses || []);
  if (changes.requests) wire.changed(changes.requests);
  if (changes.deliveries) deliveries.changed(changes.deliveries);
  settings ||= changes.settings;
  if (listTimer || (known && !settings)) return;
  listTimer = setTimeout(() => {
    listTimer = 0;
    lastList = Date.now();
    phone.loadChats();
    if (settings) loadState();
    settings = false;
  }, Math.max(60, lastList + 500 - Date.now()));
}

function tick() {
  const ahead = clock.ahead > 1500 ? ` (+${span(clock.ahead)})` : "";
  $("clock").textContent = new Date(clock.now()).toLocaleTimeString([], { hour12: false }) + ahead;
  phone.tick();
  deliveries.tick();
}

function initTheme() {
  const apply = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
  };
  apply(localStorage.getItem("kirim-theme"));
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    apply(dark ? "light" : "dark");
    localStorage.setItem("kirim-theme", root.dataset.theme);
  });
}

const shortcuts = [
  ["1 2 3 4", "Phone, Wire, Deliveries, Trouble"],
  ["/", "Search"],
  ["n", "New customer"],
  ["↓", "From the search to its list, and ↑ ↓ through it"],
  ["Enter", "Open, or send what you wrote"],
  ["Esc", "Close"],
];

function initKeys() {
  $("help-open").addEventListener("click", () =>
    ask({ title: "Keyboard", text: shortcuts.map(([keys, what]) => `${keys}: ${what}`).join("\n"), ok: "Close" }));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
    if (event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "ArrowDown" && event.target.type === "search") event.target.closest(".view").querySelector(".row-head")?.focus();
      return;
    }
    const view = ["phone", "wire", "deliveries", "trouble"][Number(event.key) - 1];
    if (view) location.hash = `#/${view}`;
    else if (event.key === "n") phone.newCustomer();
    else if (event.key === "/") {
      event.preventDefault();
      const search = document.querySelector(`#view-${document.body.dataset.view} input[type=search]`);
      setTimeout(() => search?.focus()); // after the key, so that it is not written
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event);
  });
}

// move goes to the next row of the list that has the focus.
function move(event) {
  const list = event.target.closest(".rows, .chat-list");
  if (!list) return;
  const heads = [...list.querySelectorAll(".row-head")];
  const next = heads[heads.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) next.focus();
  event.preventDefault();
}

initDialog();
initTheme();
initKeys();
for (const id of ["connect-open", "connect-first"]) {
  $(id).addEventListener("click", () => {
    if (state) copyConnection();
  });
}
function copyConnection() {
  const lines = state.connection.environment.join("\n");
  ask({
    title: "Connect a program",
    text: "Paste these lines into the shell that runs it.",
    fields: [{ name: "lines", label: "Lines", value: lines, rows: 5 }],
    ok: "Copy",
    submit: () => copy(lines, "Lines"),
  });
}
for (const view of Object.values(views)) view.init();
addEventListener("hashchange", route);
route();
setInterval(tick, 1000);
live({
  reload,
  changed,
  connected(on) {
    $("live").textContent = on ? "live" : "reconnecting";
    $("live").classList.toggle("off", !on);
  },
});
