// A flow that the customer opens: its screens as forms, over the chat. The server draws
// the screens, checks what is entered and moves between them.

import { $, button, el, toast } from "./dom.js";
import { call } from "./api.js";

let message = null; // ID of the message whose flow is open
let view = null;
let touched = new Map(); // the fields that a person has changed, by name, and when
let changes = 0;
let asked = 0; // changes before the request whose response is drawn
let queue = Promise.resolve(); // one request at a time
let typing = 0;
let done = () => {};

// init takes what is called with the reply of a flow that is complete.
export function init(completed) {
  done = completed;
  $("flow-close").addEventListener("click", close);
  $("flow-back").addEventListener("click", () => act("POST", "back", {}));
  $("flow-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!view) return;
    if (view.known) press(event.submitter?.dataset.press || "");
    else act("POST", "complete", () => ({ response: rowValues() }));
  });
  $("flow-form").addEventListener("click", clicked);
  $("flow-form").addEventListener("input", (event) => {
    const name = event.target.dataset.field;
    if (!name) return;
    touched.set(name, ++changes);
    clearInvalid(event.target.closest(".flow-part"));
    clearTimeout(typing);
    if (view?.live && event.target.matches("input:not([type=checkbox], [type=radio]), textarea")) {
      typing = setTimeout(() => act("PUT", "values", () => ({ values: values() })), 250);
    }
  });
  $("flow-form").addEventListener("change", changed);
  $("flow").addEventListener("keydown", (event) => {
    event.stopPropagation(); // the keys of the page are not those of a form
    if (event.key === "Escape") close();
  });
}

export async function open(id) {
  message = id;
  view = null;
  touched = new Map();
  await act("POST", "", {});
}

export function close() {
  if (!message) return;
  const id = message;
  hide();
  call("DELETE", `messages/${id}/flow`).catch(() => {}); // the sandbox forgets it in time
}

// hide takes the flow away, and gives the focus back.
export function hide() {
  clearTimeout(typing);
  const focus = !$("flow").hidden && $("flow").contains(document.activeElement);
  const opener = openerOf(message);
  message = null;
  view = null;
  $("flow").hidden = true;
  beneath(false);
  if (focus) (opener || $("log")).focus();
}

// openerOf is what opens the flow of a message; it may be drawn again meanwhile.
const openerOf = (id) => $("log").querySelector(`.flow-open[data-message="${CSS.escape(id || "")}"]`);

// beneath lets nothing below the flow be reached while it is open.
function beneath(inert) {
  for (const part of $("flow").parentElement.children) {
    if (part !== $("flow")) part.inert = inert;
  }
}

function press(what) {
  act("POST", "press", () => ({ press: what, values: values(), show_errors: true }));
}

// act asks the sandbox for something in the open flow, and shows what comes of it.
function act(method, what, body) {
  clearTimeout(typing);
  const id = message;
  const screen = view?.screen;
  queue = queue.then(async () => {
    if (id !== message) return;
    const sent = typeof body === "function" ? body() : body;
    asked = changes;
    if (what) sent.screen = screen;
    $("flow").setAttribute("aria-busy", "true");
    try {
      const next = await call(method, `messages/${id}/flow${what && `/${what}`}`, sent);
      if (id === message) draw(next, what === "press");
    } catch (error) {
      if (error.data?.flow && id === message) draw(error.data.flow); // another tab has gone on
      else toast(error.message, true);
    } finally {
      $("flow").removeAttribute("aria-busy");
    }
  }).catch((error) => toast(error.message, true));
  return queue;
}

function clicked(event) {
  const pressed = event.target.closest("button[data-press][type=button]");
  if (pressed) press(pressed.dataset.press);
  if (event.target.closest(".flow-add")) {
    const rows = $("flow-parts").querySelector(".flow-rows");
    rows.append($("flow-parts").querySelector("template").content.cloneNode(true));
    rows.lastElementChild.querySelector("input").focus();
  }
  const remove = event.target.closest(".flow-remove");
  if (remove) {
    const row = remove.closest(".flow-row");
    (row.previousElementSibling?.querySelector("input") || $("flow-parts").querySelector(".flow-add")).focus();
    row.remove();
  }
}

// changed tells the sandbox of a choice that may change the screen.
function changed(event) {
  const input = event.target;
  const field = view?.fields.find((f) => f.name === input.dataset.field);
  if (!field) return;
  touched.set(field.name, ++changes);
  if (field.selects) {
    const choice = input.matches("[type=checkbox]") ? { option: input.value, chosen: input.checked } : { option: input.value, chosen: input.value !== "" };
    act("POST", "select", () => ({ field: field.name, ...choice, values: values() }));
  } else if (view.live) act("PUT", "values", () => ({ values: values() }));
}

// values are what a person has entered on this screen.
function values() {
  const entered = {};
  for (const input of $("flow-parts").querySelectorAll("[data-field]")) {
    const { field, as } = input.dataset;
    if (!touched.has(field)) continue;
    if (as === "text") entered[field] = input.value;
    else if (as === "flag") entered[field] = input.checked;
    else if (as === "one") entered[field] = input.checked ? input.value : entered[field] || "";
    else if (as === "list") entered[field] = [...(entered[field] || []), ...(input.checked ? [input.value] : [])];
    else entered[field] = { ...entered[field], [as]: input.value };
  }
  return entered;
}

// rowValues are what a flow without a definition returns.
function rowValues() {
  const response = {};
  for (const row of $("flow-parts").querySelectorAll(".flow-row")) {
    const name = row.querySelector("[name=name]").value.trim();
    const text = row.querySelector("[name=value]").value;
    if (!name) continue;
    if (row.querySelector("[name=kind]").value === "text") response[name] = text;
    else {
      try {
        response[name] = JSON.parse(text);
      } catch {
        row.querySelector("[name=value]").focus();
        throw new Error(`${name}: this is not JSON.`);
      }
    }
  }
  return response;
}

function draw(next, pressed = false) {
  const fresh = !view || view.screen !== next.screen || view.known !== next.known;
  view = next;
  if (next.completed) {
    hide();
    toast("The flow is complete, and its reply was sent.");
    done(next.reply);
    return;
  }
  if (next.disabled && openerOf(message)) openerOf(message).disabled = true;
  $("flow").hidden = false;
  beneath(true);
  $("flow-title").textContent = next.title || "Flow";
  $("flow-sub").textContent = [next.flow, next.screen].filter(Boolean).join(" · ");
  $("flow-back").hidden = !next.back;
  drawAlert();
  if (fresh) {
    touched = new Map();
    $("flow-parts").replaceChildren();
  }
  drawParts();
  $("flow-notes").hidden = !next.notes;
  $("flow-notes-list").replaceChildren(...(next.notes || []).map((note) => el("li", { dir: "auto" }, note)));
  if (fresh) {
    $("flow-form").scrollTop = 0;
    $("flow-title").focus();
  }
  if (next.errors && pressed) {
    const wrong = $("flow-parts").querySelector("[aria-invalid=true]");
    (wrong?.matches("fieldset") ? wrong.querySelector("input") : wrong)?.focus();
  }
}

function drawAlert() {
  const lines = [];
  const wrong = Object.keys(view.errors || {}).length;
  if (wrong > 0) lines.push(el("p", { class: "bad" }, wrong === 1 ? "One field needs another value." : `${wrong} fields need another value.`));
  if (view.error_message) lines.push(el("p", { class: "said", dir: "auto" }, view.error_message));
  if (view.failure) lines.push(el("p", { class: "bad", dir: "auto" }, view.failure));
  if (view.link) lines.push(el("p", {}, "The flow opens ", el("a", { href: view.link, target: "_blank", rel: "noopener noreferrer nofollow" }, view.link)));
  if (view.retry) lines.push(button("Try again", () => act("POST", "retry", {})));
  $("flow-alert").replaceChildren(...lines);
}

// drawParts draws the components that have changed, so that a person can go on typing.
function drawParts() {
  const parts = $("flow-parts");
  const known = new Map([...parts.children].map((p) => [p.dataset.key, p]));
  const list = view.parts.map(({ key, html }) => {
    const old = known.get(key);
    if (old && (old.html === html || changedMeanwhile(old))) return old;
    if (old && old.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox], [type=radio]), textarea")) {
      showInvalid(old, html);
      return old;
    }
    const part = el("div", { class: "flow-part", "data-key": key });
    part.html = html;
    part.innerHTML = html; // escaped by the server's templates
    if (old?.contains(document.activeElement)) part.again = document.activeElement;
    return part;
  });
  const focused = document.activeElement;
  // Nothing moves that stays, as that would take the focus away.
  for (const [key, old] of known) {
    if (!list.some((p) => p.dataset.key === key)) old.remove();
  }
  list.forEach((part, i) => {
    const there = parts.children[i];
    if (there === part) return;
    if (there && there.dataset.key === part.dataset.key) there.replaceWith(part);
    else parts.insertBefore(part, there || null);
  });
  for (const part of list) {
    if (!part.again) continue;
    const { field } = part.again.dataset;
    const same = [...part.querySelectorAll("input, select, textarea, button")].find((e) => e.dataset.field === field && e.value === part.again.value) || part.querySelector("input, select, textarea, button");
    part.again = null;
    if (document.activeElement !== focused) same?.focus();
  }
}

// changedMeanwhile tells that a person has changed the field of a part since the request
// was made: its response knows nothing of it.
function changedMeanwhile(part) {
  return [...part.querySelectorAll("[data-field]")].some((input) => touched.get(input.dataset.field) > asked);
}

// clearInvalid takes back what is said of a field as soon as it is changed.
function clearInvalid(part) {
  if (!part?.querySelector(".flow-error")) return;
  part.querySelector(".flow-error").remove();
  for (const input of part.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  part.html = "";
}

// showInvalid brings what is wrong with a field up to date, and leaves what is typed.
function showInvalid(old, html) {
  const next = el("div");
  next.innerHTML = html; // as above
  const error = next.querySelector(".flow-error");
  old.querySelector(".flow-error")?.remove();
  if (error) old.append(error);
  const input = old.querySelector("[data-field]");
  const described = next.querySelector("[data-field]");
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (described?.hasAttribute(name)) input.setAttribute(name, described.getAttribute(name));
    else input.removeAttribute(name);
  }
}
