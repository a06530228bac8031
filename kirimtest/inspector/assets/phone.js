// The phone: conversations as the customers see them, and a composer to be one.

import { $, ask, button, copy, el, pretty, span, timeOf, toast } from "./dom.js";
import { call, clock, get } from "./api.js";
import * as flow from "./flow.js";

// At most so many messages are in the page; older and newer ones are fetched when
// a person scrolls to them.
const mostShown = 240;
const pageSize = 60;

let chats = [];
let current = null; // id of the chat
let shown = []; // ids of the messages in the page, oldest first
let older = false; // there are more before the first
let newer = false; // there are more after the last
let loading = 0; // requests under way
let held = []; // changes that came meanwhile: what is being read may be older
let replyTo = null;
let wanted = null; // message that the address names
const rows = new Map(); // by message id
let number = "";

export function init() {
  $("customer-new").addEventListener("click", newCustomer);
  $("chat-search").addEventListener("input", searched);
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    sendText();
  });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      sendText();
    }
  });
  $("text").addEventListener("input", grow);
  $("composing-end").addEventListener("click", () => quote(null));
  $("chat-block").addEventListener("click", block);
  $("attach").addEventListener("click", (event) => {
    const kind = event.target.dataset.attach;
    if (!kind) return;
    $("attach").open = false;
    attach[kind]();
  });
  $("file").addEventListener("change", sendFile);
  $("log").addEventListener("scroll", scrolled, { passive: true });
  $("log").addEventListener("click", clicked);
  flow.init(flowCompleted);
  $("log-latest").addEventListener("click", () => open(current));
}

export function setState(state) {
  number = state.connection.phone_number_id;
}

// load reads everything again. Who reads older messages stays with them.
export async function load() {
  await loadChats();
  if (!current) return;
  const log = $("log");
  const read = atEnd() ? null : shown.find((id) => rows.get(id).getBoundingClientRect().bottom > log.getBoundingClientRect().top);
  if (!read) return open(current, wanted);
  const place = rows.get(read).offsetTop - log.scrollTop;
  await open(current, read);
  if (rows.has(read)) log.scrollTop = rows.get(read).offsetTop - place;
}

export async function loadChats() {
  chats = (await get("chats")).chats;
  drawChats();
  drawHead();
  // Beside another view there is room for the latest chat.
  if (!current && chats.length > 0 && matchMedia("(min-width: 761px)").matches) await open(chats[0].id);
}

export async function show([chat, message]) {
  wanted = message || null;
  if (chat === "message") {
    const found = await get(`messages/${encodeURIComponent(message)}`).catch((error) => toast(error.message, true));
    if (found) location.replace(`#/phone/${encodeURIComponent(found.chat)}/${found.id}`);
    return;
  }
  document.body.classList.toggle("in-chat", Boolean(chat));
  if (!chat) {
    if (current === null) $("chat-none").hidden = false;
    drawChats();
    return;
  }
  if (chat !== current || (wanted && !rows.has(wanted))) await open(chat, wanted);
  else if (wanted) highlight(wanted);
}

// searched shows the chats that match at once, and then the messages.
let found = [];
let searchTimer = 0;
function searched() {
  const query = $("chat-search").value.trim();
  found = [];
  drawChats();
  clearTimeout(searchTimer);
  if (query === "") return;
  searchTimer = setTimeout(async () => {
    const page = await attempt(() => get(`messages?limit=30&q=${encodeURIComponent(query)}`));
    if (!page || $("chat-search").value.trim() !== query) return;
    found = page.messages.toReversed();
    drawChats();
  }, 200);
}

// chatRow is a row of the list: a chat, or a message that was found.
const chatRow = (key, address, title, time, line, attributes = {}, ...more) => el("li", {},
  el("a", { class: "row-head chat-row", href: `#/phone/${address}`, "data-key": key, ...attributes },
    el("span", { class: "chat-title" }, title, time && el("time", {}, timeOf(time, false))),
    el("span", { class: "chat-last" }, el("span", { class: "faint", dir: "auto" }, line), ...more)));

function drawFound(m) {
  const chat = chats.find((c) => c.id === m.chat);
  return chatRow(m.id, `${encodeURIComponent(m.chat)}/${m.id}`, el("span", { dir: "auto" }, chat?.name || chat?.customer || m.chat), m.time, m.text);
}

function drawChats() {
  const query = $("chat-search").value.toLowerCase().trim();
  const list = chats.filter((c) => `${c.name} ${c.customer} ${c.last}`.toLowerCase().includes(query));
  const focused = document.activeElement?.dataset?.key;
  $("chat-list").replaceChildren(...list.map((c) => chatRow(c.id, encodeURIComponent(c.id), el("strong", { dir: "auto" }, c.name || c.customer), c.last_time, c.last || "No message yet",
    { "data-chat": c.id, "aria-current": c.id === current ? "true" : null },
    c.unread > 0 && el("span", { class: "count", title: "Not read by the business" }, String(c.unread)))));
  if (list.length === 0) $("chat-list").append(el("li", { class: "none faint" }, query ? "No chat matches." : "No chat yet. Send a message from your program, or be a customer who writes first."));
  if (found.length > 0) $("chat-list").append(el("li", { class: "found faint" }, "Messages"), ...found.map(drawFound));
  if (focused) $("chat-list").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function drawHead() {
  const chat = chats.find((c) => c.id === current);
  $("chat").hidden = !current;
  $("chat-none").hidden = Boolean(current);
  if (!current) return;
  const customer = chat?.customer || current.split(":")[1];
  $("chat-name").textContent = chat?.name || customer;
  $("chat-block").textContent = chat?.blocked ? "Unblock" : "Block";
  $("chat-block").setAttribute("aria-pressed", String(Boolean(chat?.blocked)));
  const left = chat?.window_until ? new Date(chat.window_until) - clock.now() : 0;
  $("chat-sub").textContent = `${chat?.name ? `${customer} · ` : ""}${left > 0 ? `window open for ${span(left)}` : "window closed: templates only"}`;
}

export function tick() {
  drawHead();
}

async function open(chat, message) {
  const fresh = chat !== current;
  current = chat;
  if (fresh) {
    quote(null);
    flow.hide();
  }
  drawChats();
  drawHead();
  const read = (before) => get(`messages?limit=${pageSize}&chat=${encodeURIComponent(chat)}${before ? `&before=${before}` : ""}`);
  await during(async () => {
    let page = await read();
    if (chat !== current) return; // another was opened meanwhile
    shown = [];
    rows.clear();
    $("log").replaceChildren();
    newer = false;
    page.messages.forEach((m) => append(m));
    older = page.more;
    for (let i = 0; message && !rows.has(message) && older && i < 100; i++) {
      page = await read(shown[0]);
      if (chat !== current) return;
      prepend(page);
    }
  });
  if (chat !== current) return;
  if (message && rows.has(message)) {
    if (message === wanted) highlight(message);
  } else toEnd();
}

// during holds back changes while messages are read.
async function during(f) {
  loading++;
  try {
    await f();
  } finally {
    loading--;
    if (loading === 0) {
      const changes = held;
      held = [];
      changes.forEach((c) => changed(...c));
    }
  }
}

function highlight(id) {
  const row = rows.get(id);
  document.querySelectorAll(".message.marked").forEach((m) => m.classList.remove("marked"));
  row.classList.add("marked");
  row.scrollIntoView({ block: "center" });
}

const toEnd = () => {
  $("log").scrollTop = $("log").scrollHeight;
};
const atEnd = () => $("log").scrollHeight - $("log").scrollTop - $("log").clientHeight < 60;

function append(m) {
  const row = drawMessage(m);
  rows.set(m.id, row);
  shown.push(m.id);
  $("log").append(row);
}

function prepend(page) {
  const log = $("log");
  const before = log.scrollHeight - log.scrollTop;
  older = page.more;
  for (const m of page.messages.toReversed()) {
    if (rows.has(m.id)) continue;
    const row = drawMessage(m);
    rows.set(m.id, row);
    shown.unshift(m.id);
    log.prepend(row);
  }
  log.scrollTop = log.scrollHeight - before;
  while (shown.length > mostShown) {
    drop(shown.pop());
    newer = true;
  }
  $("log-latest").hidden = !newer;
}

function drop(id) {
  rows.get(id).remove();
  rows.delete(id);
}

async function scrolled() {
  $("log-latest").hidden = !newer && atEnd();
  if (loading || !older || $("log").scrollTop > 400) return;
  const chat = current;
  await during(async () => {
    const page = await get(`messages?limit=${pageSize}&chat=${encodeURIComponent(chat)}&before=${shown[0]}`);
    if (chat === current) prepend(page);
  });
  if ($("log").scrollTop <= 400) requestAnimationFrame(scrolled); // there may be room for more
}

// changed takes in messages and statuses, and reports whether the list of chats has
// them, too. What the customer writes and the business reads changes more there.
export function changed(messages, statuses) {
  if (loading) {
    held.push([messages, statuses]);
    return false;
  }
  const end = atEnd();
  let listed = !statuses.some((s) => s.status === "read" && rows.get(s.id)?.classList.contains("own"));
  for (const m of messages) {
    const chat = chats.find((c) => c.id === m.chat);
    if (chat && m.direction === "outbound" && m.time >= (chat.last_time || "")) {
      chat.last = m.text;
      chat.last_time = m.time;
    } else listed = false;
    if (m.chat === current) put(m, end);
  }
  for (const s of statuses) {
    const row = rows.get(s.id);
    row?.querySelector(".meta > .status").replaceWith(drawStatus(s, row.classList.contains("own")));
  }
  if (messages.length > 0 && listed) {
    chats.sort((a, b) => (a.last_time || "") < (b.last_time || "") ? 1 : -1);
    drawChats();
  }
  if (end) toEnd();
  else $("log-latest").hidden = false;
  return listed;
}

function put(m, end) {
  const known = rows.get(m.id);
  if (known) {
    const row = drawMessage(m);
    keepOpen(known, row);
    known.replaceWith(row);
    rows.set(m.id, row);
  } else if (!newer && (shown.length === 0 || isAfter(m))) {
    append(m);
    if (end && shown.length > mostShown) {
      drop(shown.shift());
      older = true;
    }
  }
}

const isAfter = (m) => m.time >= rows.get(shown.at(-1)).dataset.time || m.direction === "inbound";

// keepOpen keeps what a person has opened, when a status replaces a message.
function keepOpen(old, row) {
  const opened = [...old.querySelectorAll("details")];
  [...row.querySelectorAll("details")].forEach((d, i) => {
    d.open = opened[i]?.open;
  });
  const picture = old.querySelector("img.shown, audio.shown, video.shown");
  const button = row.querySelector("[data-show]");
  if (picture && button) button.replaceWith(picture);
}

const tickOf = { pending: "…", sent: "✓", delivered: "✓✓", read: "✓✓", played: "✓✓", failed: "✕" };

function drawStatus(m, own) {
  if (own) return el("span", { class: "status" }, m.status === "read" ? "read by the business" : "");
  const text = m.failure ? ["failed:", m.failure.code, m.failure.title, m.failure.details && `(${m.failure.details})`].filter(Boolean).join(" ") : m.status;
  return el("span", { class: `status ${m.status}` }, `${tickOf[m.status] || ""} ${text}`);
}

function drawMessage(m) {
  const own = m.direction === "inbound"; // the customer's own
  const content = el("div", { class: "content" });
  content.innerHTML = m.html; // escaped by the server's templates
  content.querySelectorAll(".file[data-link]").forEach(addViewer);
  const reactions = Object.entries(m.reactions || {});
  const meta = el("div", { class: "meta" },
    m.edited && el("span", {}, "edited"),
    el("time", { datetime: m.time }, timeOf(m.time)),
    drawStatus(m, own));
  const menu = el("details", { class: "actions" }, el("summary", { "aria-label": "Actions for this message" }, "⋯"),
    el("div", { class: "menu" },
      button("Reply", () => quote(m)),
      button("React", () => react(m)),
      own && !m.revoked && m.type === "text" && button("Edit", () => edit(m)),
      own && !m.revoked && button("Delete", () => receive({ revokes: m.wamid })),
      !own && button("Mark as read", () => report(m, { status: "read" })),
      !own && button("Let it fail", () => fail(m)),
      !own && button("Copy JSON", () => attempt(async () => copy(pretty((await get(`messages/${m.id}`)).body), "JSON"))),
      button("Copy link", () => copy(`${location.origin}${location.pathname}#/phone/${encodeURIComponent(m.chat)}/${m.id}`, "Link"))));
  meta.append(menu);
  menu.addEventListener("click", (event) => {
    if (event.target.closest("button")) menu.open = false;
  });
  return el("article", { class: `message ${own ? "own" : "theirs"} ${m.type}`, id: `m-${m.id}`, "data-time": m.time, "data-wamid": m.wamid,
    "aria-label": `${own ? "The customer" : "The business"}: ${m.text}` },
  el("div", { class: "bubble" },
    m.reply_to && el("button", { type: "button", class: "quote", "data-to": m.reply_to, dir: "auto" }, m.quote || "a message that is not kept"),
    content, meta),
  reactions.length > 0 && el("p", { class: "reactions" }, ...reactions.map(([who, emoji]) => el("span", { title: `by the ${who}` }, emoji))));
}

// addViewer shows a file in place: one of the sandbox at once, one from elsewhere when
// a person asks for it.
function addViewer(file) {
  const { kind, link } = file.dataset;
  const tag = { image: "img", sticker: "img", audio: "audio", video: "video" }[kind];
  if (!tag || !link) return;
  const view = () => el(tag, { class: "shown", src: link, alt: tag === "img" ? kind : null, controls: tag !== "img", referrerpolicy: "no-referrer", loading: tag === "img" ? "lazy" : null });
  if (file.dataset.own !== undefined) file.prepend(view());
  else {
    const show = button(`Show the ${kind}`, () => show.replaceWith(view()), { "data-show": true });
    file.prepend(show);
  }
}

async function clicked(event) {
  const opens = event.target.closest(".flow-open");
  if (opens) {
    await flow.open(opens.dataset.message);
    return;
  }
  const choice = event.target.closest("button.choice");
  if (choice) {
    await attempt(() => call("POST", `messages/${choice.dataset.message}/tap`, { choice: choice.dataset.choice }));
    const list = choice.closest("details.list");
    if (list) list.open = false;
    toEnd();
    return;
  }
  const to = event.target.closest(".quote")?.dataset.to;
  if (to) {
    const target = document.querySelector(`[data-wamid="${CSS.escape(to)}"]`);
    if (target) highlight(target.id.slice(2));
    else location.hash = `#/phone/message/${encodeURIComponent(to)}`;
  }
}

async function flowCompleted() {
  if (newer) await open(current);
  toEnd();
}

async function attempt(f) {
  try {
    return await f();
  } catch (error) {
    toast(error.message, true);
    return null;
  }
}

// receive writes as the customer of the open chat.
async function receive(message) {
  const sent = await attempt(() => post(message));
  if (sent) {
    if (newer) await open(current);
    toEnd();
  }
  return sent;
}

async function sendText() {
  const text = $("text").value.trim();
  if (!text || !current) return;
  const sent = await receive({ text, reply_to: replyTo?.wamid });
  if (!sent) return;
  $("text").value = "";
  grow();
  quote(null);
}

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
}

function quote(m) {
  replyTo = m;
  $("composing").hidden = !m;
  $("composing-text").textContent = m ? `Reply to: ${m.text}` : "";
  if (m) $("text").focus();
}

const react = (m) => ask({
  title: "React", fields: [{ name: "emoji", label: "Emoji; empty takes the reaction back", value: "👍" }],
  submit: ({ emoji }) => post({ reaction: { message_id: m.wamid, emoji } }),
});

const edit = (m) => ask({
  title: "Edit", fields: [{ name: "text", label: "New text", value: m.text, rows: 3 }],
  submit: ({ text }) => post({ edits: m.wamid, text }),
});

const report = (m, status) => attempt(() => call("POST", `messages/${m.id}/status`, status));

const fail = (m) => ask({
  title: "Let it fail", text: "The program gets a failed status for this message.",
  fields: [{ name: "code", label: "Meta's error code", value: "131026", inputmode: "numeric" }, { name: "title", label: "Title", value: "Message undeliverable" }],
  submit: ({ code, title }) => call("POST", `messages/${m.id}/status`, { status: "failed", code: Number(code), title }),
});

const customer = () => current.slice(current.indexOf(":") + 1);

async function block() {
  const blocked = $("chat-block").getAttribute("aria-pressed") !== "true";
  const result = await attempt(() => call("PUT", `customers/${encodeURIComponent(customer())}/blocked`, { blocked }));
  if (result) {
    chats = result.chats;
    drawHead();
    toast(blocked ? "The customer blocks the business: messages to them fail." : "The customer takes messages again.");
  }
}

const attach = {
  file: () => $("file").click(),
  location: () => ask({
    title: "Location",
    fields: [{ name: "latitude", label: "Latitude", value: "-6.2088" }, { name: "longitude", label: "Longitude", value: "106.8456" },
      { name: "name", label: "Name", value: "Home" }, { name: "address", label: "Address" }],
    ok: "Send",
    submit: ({ latitude, longitude, name, address }) =>
      post({ location: { latitude: Number(latitude), longitude: Number(longitude), name, address } }),
  }),
  contact: () => ask({
    title: "Contact", fields: [{ name: "name", label: "Name", required: true }, { name: "phone", label: "Phone", value: "+62" }], ok: "Send",
    submit: ({ name, phone }) => post({ contacts: [{ name, phone }] }),
  }),
  number: () => ask({
    title: "New number", text: "The customer changes their number: the program gets a system message.",
    fields: [{ name: "phone", label: "New number", value: "+62", required: true }], ok: "Change",
    submit: ({ phone }) => {
      const digits = phone.replace(/\D/g, "");
      return post({ type: "system", object: { body: `User changed from ${customer()} to ${phone}`, type: "user_changed_number", wa_id: digits } });
    },
  }),
  raw: () => ask({
    title: "Any message", text: "The body of POST inbound of the control API.",
    fields: [{ name: "json", label: "JSON", rows: 8, value: '{\n  "type": "unsupported",\n  "object": {}\n}' }], ok: "Send",
    submit: ({ json }) => post(JSON.parse(json)),
  }),
};

function post(message) {
  const name = chats.find((c) => c.id === current)?.name || undefined;
  return call("POST", "inbound", { from: customer(), name, phone_number_id: current.split(":")[0], ...message });
}

async function sendFile() {
  const file = $("file").files[0];
  $("file").value = "";
  if (!file) return;
  if (file.size > 16e6) {
    toast("A file may have 16 MB at most.", true);
    return;
  }
  const reader = new FileReader();
  reader.onload = () => {
    const caption = $("text").value.trim();
    $("text").value = "";
    receive({
      caption, reply_to: replyTo?.wamid,
      media: { data: reader.result.split(",")[1] || "", content_type: file.type || "application/octet-stream", filename: file.name },
    });
    quote(null);
  };
  reader.readAsDataURL(file);
}

export function newCustomer() {
  ask({
    title: "New customer", text: "A customer who writes first: the 24-hour window opens.",
    fields: [{ name: "from", label: "Phone number", value: `+62811${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`, required: true },
      { name: "name", label: "Name", value: "" }, { name: "text", label: "Message", value: "Hello!", rows: 2 }],
    ok: "Write",
    submit: async ({ from, name, text }) => {
      const sent = await call("POST", "inbound", { from, name, text, phone_number_id: number });
      location.hash = `#/phone/${encodeURIComponent(sent.chat)}`;
    },
  });
}
