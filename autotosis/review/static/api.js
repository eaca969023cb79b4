// Talking to the server. What it has acknowledged is in a file; what it refuses changes nothing.

const token = location.hash.slice(1) || sessionStorage.getItem("token") || "";
if (location.hash) sessionStorage.setItem("token", token);

const listeners = { saved: () => {}, failed: () => {} };

/** Say what to do when something was written, or an error is to be shown. */
export function listen(saved, failed) {
  Object.assign(listeners, { saved, failed });
}

/** The part of an address that names a video. */
export const path = (video) => video.split("/").map(encodeURIComponent).join("/");

async function request(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Error("The server does not answer; nothing was written. Start it again: python -m autotosis.review");
  }
  if (answer.ok) return answer;
  const content = await answer.json().catch(() => ({ error: `the server failed (${answer.status})` }));
  throw Object.assign(new Error(content.error), { status: answer.status });
}

/** Get JSON. */
export const get = async (address) => (await request(address)).json();

/** Get bytes. */
export const bytes = async (address) => new Uint8Array(await (await request(address)).arrayBuffer());

/** Send a change; its answer as JSON. */
export async function send(method, address, content = {}) {
  const headers = { "content-type": "application/json", "x-token": token };
  const answer = await (await request(address, { method, headers, body: JSON.stringify(content) })).json();
  listeners.saved();
  return answer;
}

/** Show an error. */
export function complain(error) {
  listeners.failed(error.message);
}

/**
 * Something that is kept in one file, such as the marks in labels.csv or a cut list: changes are shown at once, written
 * one after the other, and taken back if the server refuses one.
 */
export class Kept {
  /** `read` gets the state with its `version`; `write` sends a state with a version, and resolves to what is there. */
  constructor(read, write, changed) {
    Object.assign(this, { read, write, changed, state: null, past: [], last: Promise.resolve(), waiting: 0 });
  }

  async load() {
    this.state = await this.read();
    this.changed();
  }

  /** Replace a part of the state, which `change` describes; `back` describes the way back. */
  put(change, back, apply) {
    this.past.push(back);
    return this.perform(change, apply);
  }

  /** Take the last change back; false if there is none. */
  undo(apply) {
    const back = this.past.pop();
    if (back) this.perform(back, apply);
    return Boolean(back);
  }

  perform(change, apply) {
    apply(this.state, change);
    this.changed();
    this.waiting++;
    this.last = this.last.then(async () => {
      if (this.broken) return;
      try {
        const answer = await this.write(change, this.state.version);
        this.state.version = answer.version;
        if (this.waiting === 1) Object.assign(this.state, answer);
      } catch (error) {
        // What was asked for meanwhile built on this change.
        this.broken = true;
        complain(error);
      }
    }).then(async () => {
      if (--this.waiting) return;
      if (this.broken) {
        this.broken = false;
        this.past = [];
        await this.load().catch(complain);
      } else this.changed();
    });
    return this.last;
  }
}

/** labels.csv or holdout.csv: marks [start, end, label] of each video. */
export class Marks extends Kept {
  constructor(table, changed) {
    super(
      () => get(`/api/${table}`),
      ({ video, marks }, version) => send("PUT", `/api/${table}`, { version, video, marks }),
      changed,
    );
  }

  of(video) {
    return this.state?.marks[video] ?? [];
  }

  set(video, marks) {
    marks = [...marks].sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0));
    return this.put({ video, marks }, { video, marks: this.of(video) }, Marks.apply);
  }

  takeBack() {
    const video = this.past.at(-1)?.video;
    return this.undo(Marks.apply) ? video : null;
  }

  static apply(state, { video, marks }) {
    if (marks.length) state.marks[video] = marks;
    else delete state.marks[video];
  }
}

// What is left of a mark beside another one is not worth a row (seconds).
const SHORTEST = 0.3;

/** The marks without those in `replaced`, cut where the new one is, and the new one, if any. */
export function withMark(marks, mark, replaced = []) {
  const others = marks.filter((one) => !replaced.includes(one));
  if (!mark) return others;
  const rest = others.flatMap(([start, end, label]) => {
    if (start === null || end === null) return [];
    if (end <= mark[0] || start >= mark[1]) return [[start, end, label]];
    return [[start, mark[0], label], [mark[1], end, label]].filter(([from, to]) => to - from >= SHORTEST);
  });
  return [...rest, mark];
}
