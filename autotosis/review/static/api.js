// Talking to the server. What it has acknowledged is in a file; what it refuses changes nothing.

const token = location.hash.slice(1) || sessionStorage.getItem("token") || "";
sessionStorage.setItem("token", token);

const listeners = {};

/** Say what to do when something was written, with the text of a note, and with that of an error. */
export function listen(saved, noted, failed) {
  Object.assign(listeners, { saved, noted, failed });
}

export const complain = (error) => listeners.failed(error.message);

/** The part of an address that names a video. */
export const path = (video) => video.split("/").map(encodeURIComponent).join("/");

async function request(address, options = {}) {
  const answer = await fetch(address, options).catch(() => {
    throw new Error("The server does not answer; nothing was written. Start it again: python -m autotosis.review");
  });
  if (answer.ok) return answer;
  const content = await answer.json().catch(() => ({ error: `the server failed (${answer.status}); its terminal says why` }));
  throw new Error(content.error);
}

export const get = async (address) => (await request(address)).json();
export const bytes = async (address) => new Uint8Array(await (await request(address)).arrayBuffer());

/** Send a change; its answer as JSON. */
export async function send(method, address, content = {}) {
  const headers = { "content-type": "application/json", "x-token": token };
  const answer = await (await request(address, { method, headers, body: JSON.stringify(content) })).json();
  listeners.saved();
  return answer;
}

/**
 * What is kept in one table. A change is shown at once and written after those before it. If the server refuses one,
 * nothing that was asked for meanwhile is written either, and the table is read again.
 */
export class EditableTable {
  /** `read()` gets the state with its `version`, `write(change, version)` sends a change, `apply(state, change)` makes it here. */
  constructor({ read, write, apply, changed }) {
    Object.assign(this, { read, write, apply, changed, state: null, past: [], last: Promise.resolve(), waiting: 0 });
  }

  async load() {
    this.state = await this.read();
    this.changed();
  }

  /** Make a change; `back` is the one that takes it back. While the table is read again, there is nothing to change. */
  put(change, back) {
    if (this.broken) return this.last;
    if (back) this.past.push(back);
    this.apply(this.state, change);
    this.changed();
    this.waiting++;
    this.last = this.last.then(() => this.send(change));
    return this.last;
  }

  async send(change) {
    try {
      const answer = this.broken ? this.state : await this.write(change, this.state.version);
      // What was changed since is shown already.
      if (this.waiting > 1) this.state.version = answer.version;
      else Object.assign(this.state, answer);
    } catch (error) {
      this.broken = true;
      complain(error);
    }
    if (!--this.waiting) await this.settle();
  }

  /** Nothing is left to write. */
  async settle() {
    if (this.broken) {
      this.past = [];
      await this.load().catch(() => {});
    }
    this.broken = false;
    this.changed();
  }

  /** Take the last change back; what did that, or undefined if there is none. */
  undo = () => {
    const back = this.past.pop();
    if (back) this.put(back);
    else listeners.noted("Nothing to undo.");
    return back;
  };
}
