// Marking highlights in one video at a time, which clips (labels.csv) and the holdout (holdout.csv) share.

import { el, button, cell, clock, clamp, fill, rounded } from "./dom.js";
import { Desk, room } from "./desk.js";
import { Marks, withMark } from "./marks.js";

// How long it takes to see something and press a key, and how long a mark is at least (seconds).
const REACTION = 0.25, SHORTEST = 0.1;
// The rows of a video without highlights.
const NOTHING = [[null, null, 0]];

export class Marker {
  /** `nothing` is the button for a video without highlights, `undone(video, back)` is called after a change was taken back by `back`. */
  constructor(table, { say, changed, nothing, undone }) {
    // A VOD without a row is not in the holdout, whereas a clip without one is not labelled yet.
    Object.assign(this, { say, changed, empty: table === "holdout" ? NOTHING : [], video: null, chosen: null, begun: null });
    this.desk = new Desk({ edge: (...each) => this.moveEdge(...each), choose: (item) => this.choose(item) });
    this.marks = new Marks(table, () => this.refresh());
    this.reaction = el("input", { type: "number", id: "reaction", min: 0, max: 1, step: 0.05, value: localStorage.getItem("reaction") ?? REACTION,
      onchange: () => localStorage.setItem("reaction", this.reaction.value) });
    this.setting = el("label", { className: "setting", for: "reaction" }, "Reaction time (s)", this.reaction);
    this.undo = () => {
      this.begun = null;
      const back = this.marks.undo();
      if (back) undone?.(back.video, back);
    };
    this.actions = el("div", { className: "actions" }, button("Start", "I", () => this.begin(), { className: "yes" }), button("End", "O", () => this.finish(), { className: "yes" }),
      nothing, button("Remove mark", "X", () => this.remove()), button("Undo", "Z", this.undo));
    this.list = el("ul", { className: "marks", "aria-label": "Marks" });
    this.note = el("p", { className: "progress", role: "status" });
  }

  show(video) {
    Object.assign(this, { video, chosen: null, begun: null });
    this.refresh();
  }

  get duration() {
    return this.desk.player.duration;
  }

  /** The current time; while the video plays, less the reaction time. */
  get moment() {
    const { player } = this.desk, late = player.video.paused ? 0 : Number(this.reaction.value) * player.video.playbackRate;
    return Math.round(clamp(player.time - late, 0, this.duration) * 10) / 10;
  }

  /** The rows of the video, except one that says that nothing is in it. */
  get items() {
    return this.marks.of(this.video).filter(([start, end, label]) => label || start !== null || end !== null)
      .map((mark) => ({ mark, start: mark[0] ?? 0, end: mark[1] ?? this.duration, kind: mark[2] ? "yes" : "no" }));
  }

  refresh() {
    if (!this.video) return;
    const items = this.items, place = items.findIndex(({ mark }) => String(mark) === String(this.chosen));
    this.item = items[place] ?? items.at(-1);
    this.desk.mark(this.begun === null ? items : [...items, { start: this.begun, end: this.begun, kind: "yes" }], this.item);
    fill(this.list, items, items.indexOf(this.item), (number) => this.choose(this.items[number]), (item) => [
      cell("time", `${clock(item.start)} – ${clock(item.end)}`), cell(`verdict ${item.kind}`, item.kind === "yes" ? "highlight" : "not one")]);
    this.note.textContent = this.begun !== null ? `from ${clock(this.begun)}: press O at the end` : items.length ? "" : this.marks.of(this.video).length ? "nothing here" : "no mark yet";
    this.changed();
  }

  choose(item) {
    this.chosen = item.mark;
    this.refresh();
    this.desk.player.playStretch(item.start - 0.5, item.end + 0.5);
  }

  set(marks, chosen) {
    this.chosen = chosen;
    return this.marks.set(this.video, marks);
  }

  begin() {
    if (!this.duration) return this.say("The video is still loading.");
    this.begun = this.moment;
    this.refresh();
  }

  finish() {
    if (this.begun === null) return this.say("Press I at the start of a highlight first.");
    const { moment } = this, { video, looping, stretch } = this.desk.player, late = moment <= this.begun;
    // What loops may have begun again before the key was pressed.
    if (late && !(looping && !video.paused && stretch?.[1] > this.begun - SHORTEST)) return this.say("The end must be after the start.");
    const end = rounded(late ? stretch[1] : moment, this.duration), mark = [Math.min(this.begun, rounded(end - SHORTEST, end)), end, 1];
    this.begun = null;
    this.set(withMark(this.marks.of(this.video), mark, null, this.duration), mark);
  }

  nothing() {
    this.begun = null;
    return this.set(NOTHING, null);
  }

  remove() {
    if (!this.item) return;
    const rest = withMark(this.marks.of(this.video), null, this.item.mark);
    this.set(rest.length ? rest : this.empty, null);
  }

  moveEdge(item, which, time, done) {
    const { mark: before } = item, others = this.items.filter(({ mark }) => String(mark) !== String(before));
    const [low, high] = room({ start: before[0] ?? 0, end: before[1] ?? this.duration }, others, this.duration);
    const near = (seconds) => rounded(seconds, this.duration);
    // Other marks may end or begin between two hundredths.
    item[which] = which === "start" ? clamp(near(time), low, near(item.end - SHORTEST)) : clamp(near(time), near(item.start + SHORTEST), high);
    if (!done) return this.desk.detail.draw();
    const mark = [item.start, item.end, item.mark[2]];
    this.set([...withMark(this.marks.of(this.video), null, item.mark), mark], mark);
  }

  keys() {
    return [["i", "a highlight starts here", () => this.begin()], ["o", "and ends here", () => this.finish()], ["x", "remove the mark", () => this.remove()],
      ["Delete", null, () => this.remove()], ["z", "undo", this.undo], ...this.desk.keys()];
  }
}
