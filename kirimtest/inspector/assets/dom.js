// Small helpers for building elements. Texts become text nodes, never HTML.

export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on") for (const [event, f] of Object.entries(value)) node.addEventListener(event, f);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

export function button(text, onclick, attributes = {}) {
  return el("button", { type: "button", ...attributes, on: { click: onclick } }, text);
}

export function toast(text, bad = false) {
  const note = el("p", { class: bad ? "toast bad" : "toast" }, text);
  $("toasts").append(note);
  setTimeout(() => note.remove(), bad ? 8000 : 3000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    ask({ title: what, fields: [{ name: "text", label: "Copy this", value: text, rows: 10 }], ok: "Close" });
  }
}

// ask shows a dialog with fields. submit gets their values; what it throws is shown,
// and the dialog stays.
export function ask({ title, text, fields = [], ok = "OK", submit = () => {} }) {
  const dialog = $("dialog");
  $("dialog-title").textContent = title;
  $("dialog-error").textContent = "";
  $("dialog-ok").textContent = ok;
  const inputs = fields.map((f) => {
    const attributes = { name: f.name, "aria-label": f.label, required: f.required, placeholder: f.placeholder };
    const input = f.rows
      ? el("textarea", { ...attributes, rows: f.rows, spellcheck: "false" })
      : el("input", { ...attributes, type: f.type || "text", inputmode: f.inputmode });
    input.value = f.value || "";
    return input;
  });
  $("dialog-body").replaceChildren(...(text ? [el("p", {}, text)] : []), ...fields.map((f, i) => el("label", {}, f.label, inputs[i])));
  $("dialog-form").onsubmit = async (event) => {
    event.preventDefault();
    try {
      await submit(Object.fromEntries(inputs.map((i) => [i.name, i.value])));
      dialog.close();
    } catch (error) {
      $("dialog-error").textContent = error.message;
    }
  };
  dialog.showModal();
  (inputs[0] || $("dialog-ok")).focus();
}

export function initDialog() {
  $("dialog-cancel").addEventListener("click", () => $("dialog").close());
}

export const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

export function timeOf(iso, seconds = true) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false });
}

export function span(ms) {
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

export const latency = (ms) => (ms < 1 ? "<1 ms" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
