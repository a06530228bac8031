// The control API of the sandbox, and the stream of its changes.

export async function call(method, path, body) {
  const response = await fetch(`api/${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  let data = null;
  try {
    data = await response.json();
  } catch {
    // Not JSON: the status says enough.
  }
  if (!response.ok) {
    const error = data?.error;
    const text = error ? [error.param, error.message].filter(Boolean).join(": ") : `The sandbox says ${response.status}.`;
    throw Object.assign(new Error(text), { status: response.status, data });
  }
  return data;
}

export const get = (path) => call("GET", path);

// live calls changed with each batch of changes, and reload when everything is to be
// asked for, which is also after the connection was lost.
export function live({ reload, changed, connected }) {
  const source = new EventSource("api/events");
  source.addEventListener("hello", () => {
    connected(true);
    reload();
  });
  source.addEventListener("change", (event) => {
    const changes = JSON.parse(event.data);
    if (changes.reload) reload();
    else changed(changes);
  });
  source.addEventListener("error", () => connected(false));
  addEventListener("pagehide", () => source.close());
}

// clock is the sandbox's, which may be ahead of this machine's.
export const clock = {
  ahead: 0,
  set(now) {
    this.ahead = new Date(now) - Date.now();
  },
  now() {
    return Date.now() + this.ahead;
  },
};
