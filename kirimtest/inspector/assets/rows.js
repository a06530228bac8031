// A list of rows that open: the requests of the wire, and the deliveries.

import { $, el, toast } from "./dom.js";
import { get } from "./api.js";

const mostRows = 400;

// rowList keeps the newest row first. config has: view, what (of the API, such as
// "requests"), ids of the elements, groupOf, head, detail and filter.
export function rowList(config) {
  const groups = new Map(); // by group, oldest first: {key, items, row}
  let opened = null;
  let oldest = null;
  let query = "";
  let loading = 0; // requests under way
  let held = []; // changes that came meanwhile: what is being read may be older
  let searchTimer = 0;

  function put(item, atEnd = false) {
    const key = config.groupOf(item);
    let group = groups.get(key);
    if (!group) {
      group = { key, items: [], row: el("li", { class: "row", id: `row-${key}` }) };
      groups.set(key, group);
      if (atEnd) $(config.rows).append(group.row);
      else $(config.rows).prepend(group.row);
    }
    const i = group.items.findIndex((known) => known.id === item.id);
    if (i >= 0) group.items[i] = item;
    else if (atEnd) group.items.unshift(item);
    else group.items.push(item);
    draw(group);
    config.seen?.(item);
  }

  function draw(group) {
    const latest = group.items.at(-1);
    const isOpen = opened === group.key;
    const hadFocus = group.row.querySelector(".row-head") === document.activeElement;
    const head = el("button", { type: "button", class: "row-head", "aria-expanded": String(isOpen) }, ...config.head(latest, group.items));
    head.addEventListener("click", () => {
      location.hash = isOpen ? `#/${config.view}` : `#/${config.view}/${encodeURIComponent(latest.id)}`;
    });
    group.row.hidden = !config.filter(latest, $(config.select).value);
    const body = isOpen ? group.row.querySelector(".row-body") : null;
    group.row.replaceChildren(head, ...(body ? [body] : []));
    if (hadFocus) head.focus();
    if (isOpen) fill(group, latest.id);
  }

  let filling = 0;
  async function fill(group, id) {
    const mine = ++filling;
    let detail;
    try {
      detail = await get(`${config.what}/${encodeURIComponent(id)}`);
    } catch (error) {
      toast(error.message, true);
      return;
    }
    if (mine !== filling || opened !== group.key) return;
    const body = el("div", { class: "row-body" }, ...config.detail(detail, group.items));
    const old = group.row.querySelector(".row-body");
    if (old) {
      const open = [...old.querySelectorAll("details")].map((d) => d.open);
      body.querySelectorAll("details").forEach((d, i) => {
        if (open[i] !== undefined) d.open = open[i];
      });
      old.replaceWith(body);
    } else group.row.append(body);
  }

  async function load(more = false) {
    const before = more && oldest ? `&before=${oldest}` : "";
    const asked = query;
    loading++;
    try {
      const page = await get(`${config.what}?limit=100${before}&q=${encodeURIComponent(asked)}`);
      if (asked !== query) return; // another search has begun
      if (!more) {
        groups.clear();
        $(config.rows).replaceChildren();
      }
      for (const item of page[config.what].toReversed()) put(item, true);
      if (page[config.what].length > 0) oldest = page[config.what][0].id;
      $(config.more).hidden = !page.more;
    } finally {
      loading--;
      if (loading === 0) {
        const changes = held;
        held = [];
        changes.forEach(changed);
      }
    }
    none();
  }

  function changed(items) {
    if (loading) {
      held.push(items);
      return;
    }
    for (const item of items) {
      if (query && !groups.has(config.groupOf(item))) continue; // the search would have to be made again
      put(item);
      trim();
    }
    if (query) search();
    none();
  }

  function none() {
    $(config.none).hidden = groups.size > 0;
  }

  function trim() {
    if (groups.size <= mostRows) return;
    const last = $(config.rows).lastElementChild;
    for (const [key, group] of groups) {
      if (group.row !== last) continue;
      groups.delete(key);
      last.remove();
      $(config.more).hidden = false;
      oldest = [...groups.values()].find((g) => g.row === $(config.rows).lastElementChild).items[0].id;
    }
  }

  return {
    load: () => load(),
    changed,
    async open(id) {
      const before = groups.get(opened);
      opened = null;
      if (before) draw(before);
      if (!id) return;
      let group = [...groups.values()].find((g) => g.items.some((item) => item.id === id));
      if (!group) {
        try {
          put(await get(`${config.what}/${encodeURIComponent(id)}`), true);
        } catch (error) {
          toast(error.message, true);
          return;
        }
        group = [...groups.values()].find((g) => g.items.some((item) => item.id === id));
      }
      opened = group.key;
      group.row.hidden = false;
      draw(group);
      if (group.items.at(-1).id !== id) fill(group, id);
      group.row.scrollIntoView({ block: "nearest" });
    },
    init() {
      $(config.search).addEventListener("input", search);
      $(config.select).addEventListener("change", () => groups.forEach(draw));
      $(config.more).addEventListener("click", () => load(true));
    },
  };

  function search() {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(() => {
      query = $(config.search).value.trim();
      load();
    }, 150);
  }
}

export function headers(title, header) {
  const names = Object.keys(header || {}).sort();
  if (names.length === 0) return null;
  return el("details", {}, el("summary", {}, title),
    el("dl", { class: "headers" }, ...names.flatMap((n) => [el("dt", {}, n), el("dd", {}, header[n].join(", "))])));
}
