// Labelling clips: where in each the highlights are, or that there is none.

import { el, button, clock, clamp, rounded, reveal } from "./dom.js";
import { Marks, withMark } from "./api.js";
import { Desk } from "./desk.js";

// How long it takes to see something and press a key (seconds).
const REACTION = 0.25;
const SHORTEST = 0.1;

/**
 * Marking highlights in one video at a time, in labels.csv or holdout.csv: the part that clips and the holdout share.
 * `duration` and `video` tell what is shown, `whole` is the mark that says that nothing is there.
 */
export class Marker {
  constructor(table, desk, say, changed) {
    Object.assign(this, { desk, say, changed, video: null, chosen: null, begun: null });
    this.marks = new Marks(table, () => this.refresh());
    const reaction = el("input", { type: "number", id: "reaction", min: 0, max: 1, step: 0.05, value: localStorage.getItem("reaction") ?? REACTION,
      onchange: () => localStorage.setItem("reaction", reaction.value) });
    this.reaction = reaction;
    this.actions = el("div", { className: "actions" }, button("Start", "I", () => this.begin(), { className: "yes" }),
      button("End", "O", () => this.finish(), { className: "yes" }), button("Nothing here", "N", () => this.nothing(), { className: "no" }),
      button("Remove mark", "X", () => this.remove()), button("Undo", "Z", () => this.undo()));
    this.setting = el("label", { className: "setting", for: "reaction" }, "Reaction time (s)", reaction);
    this.list = el("ul", { className: "marks", "aria-label": "Marks" });
  }

  show(video) {
    Object.assign(this, { video, chosen: null, begun: null });
    this.refresh();
  }

  get duration() {
    return this.desk.player.duration;
  }

  /** Now, or, while it plays, when the key was meant to be pressed. */
  get moment() {
    const { player } = this.desk, late = player.video.paused ? 0 : Number(this.reaction.value) * player.video.playbackRate;
    return Math.round(clamp(player.time - late, 0, this.duration) * 10) / 10;
  }

  items() {
    const items = this.marks.of(this.video).filter(([start, end]) => start !== null || end !== null).map((mark) => ({
      mark, start: mark[0] ?? 0, end: mark[1] ?? this.duration, kind: mark[2] ? "yes" : "no" }));
    return items;
  }

  refresh() {
    if (!this.video || !this.marks.state) return;
    const items = this.items();
    this.item = items.find(({ mark }) => String(mark) === String(this.chosen)) ?? items.at(-1) ?? null;
    const begun = this.begun === null ? [] : [{ start: this.begun, end: this.begun, kind: "yes" }];
    this.desk.mark([...items, ...begun], this.item);
    const nothing = this.marks.of(this.video).length && !items.length;
    this.list.replaceChildren(...items.map((item) => el("li", { "aria-current": item === this.item ? "true" : "false" },
      el("button", { type: "button", onclick: () => this.choose(item) }, `${clock(item.start)} – ${clock(item.end)}`,
        el("span", { className: `verdict ${item.kind}` }, item.kind === "yes" ? "highlight" : "none")))),
      ...begun.map(({ start }) => el("li", {}, `from ${clock(start)}: press O at the end`)),
      ...(nothing ? [el("li", {}, "nothing here")] : []));
    this.changed();
  }

  choose(item) {
    if (!item.mark) return;
    this.chosen = item.mark;
    this.refresh();
    this.desk.player.playStretch(item.start - 0.5, item.end + 0.5);
  }

  set(marks, chosen) {
    this.chosen = chosen;
    return this.marks.set(this.video, marks);
  }

  begin() {
    this.begun = this.moment;
    this.refresh();
  }

  finish() {
    if (this.begun === null) return this.say("Press I at the start of a highlight first.");
    const end = rounded(Math.max(this.moment, this.begun + 2 * SHORTEST), this.duration);
    const mark = [Math.max(0, Math.min(this.begun, end - SHORTEST)), end, 1];
    this.begun = null;
    const kept = this.marks.of(this.video).filter(([start, last]) => start !== null || last !== null);
    this.set(withMark(kept, mark), mark);
  }

  nothing() {
    this.begun = null;
    return this.set([[null, null, 0]], null);
  }

  remove() {
    if (this.item) this.set(this.marks.of(this.video).filter((mark) => mark !== this.item.mark), null);
  }

  moveEdge(item, which, time, done) {
    if (!item.mark) return;
    const others = this.items().filter((one) => String(one.mark) !== String(item.mark));
    const low = Math.max(0, ...others.map(({ end }) => end).filter((end) => end <= item.mark[0] + 1e-6));
    const high = Math.min(this.duration, ...others.map(({ start }) => start).filter((start) => start >= item.mark[1] - 1e-6));
    item[which] = which === "start" ? clamp(time, low, item.end - SHORTEST) : clamp(time, item.start + SHORTEST, high);
    item[which] = rounded(item[which], this.duration);
    this.desk.detail.draw();
    if (!done) return;
    const mark = [item.start, item.end, item.mark[2]];
    this.set(this.marks.of(this.video).map((one) => (one === item.mark ? mark : one)), mark);
  }

  /** Take the last change back; the video that it was about. */
  undo() {
    this.begun = null;
    const video = this.marks.takeBack();
    if (!video) this.say("Nothing to undo.");
    return video;
  }

  keys() {
    return [
      ["i", "a highlight starts here", () => this.begin()], ["o", "and ends here", () => this.finish()],
      ["x", "remove the mark", () => this.remove()], ["Delete", null, () => this.remove()],
    ];
  }
}

export async function open(root, { project, say }) {
  const clips = project.clips;
  if (!clips.length) return void root.append(el("p", { className: "empty" }, `There are no clips in ${project.folder}/clips.`));
  let chosen = 0;
  const desk = new Desk({ edge: (...each) => marker.moveEdge(...each), choose: (mark) => marker.choose(mark) });
  const marker = new Marker("labels", desk, say, () => refresh());
  const list = el("ol", { className: "list", "aria-label": "Clips" });
  const progress = el("p", { className: "progress", role: "status" });
  marker.actions.children[2].onclick = nothing;
  marker.actions.children[4].onclick = undo;
  marker.actions.append(button("Next unlabelled", "Enter", next));
  root.append(desk.root, el("section", { className: "side", "aria-label": "Labelling" },
    el("div", { className: "bar" }, el("h2", {}, "Where are the highlights?"), marker.setting), marker.actions, marker.list, progress, list));
  await marker.marks.load();
  desk.player.loop(true);
  const first = clips.findIndex((clip) => !marker.marks.of(clip).length);
  await pick(Math.max(0, first), false);

  function refresh() {
    const labelled = clips.filter((clip) => marker.marks.of(clip).length).length;
    progress.textContent = `${labelled} of ${clips.length} clips labelled`;
    list.replaceChildren(...clips.map((clip, number) => {
      const marks = marker.marks.of(clip), highlights = marks.filter(([, , label]) => label).length;
      const verdict = highlights ? `${highlights} highlight${highlights > 1 ? "s" : ""}` : marks.length ? "nothing" : "–";
      return el("li", { "aria-current": number === chosen ? "true" : "false" }, el("button", { type: "button", onclick: () => pick(number) },
        el("span", { className: "reason" }, clip.replace("clips/", "")),
        el("span", { className: `verdict ${highlights ? "yes" : marks.length ? "no" : ""}` }, verdict)));
    }));
  }

  async function pick(number, play = true) {
    chosen = clamp(number, 0, clips.length - 1);
    marker.show(clips[chosen]);
    reveal(list);
    const info = await desk.load(clips[chosen]);
    marker.refresh();
    if (play) desk.player.playStretch(0, info.duration);
    else desk.player.stretch = [0, info.duration];
  }

  function next() {
    const following = [...clips.keys()].map((n) => (chosen + 1 + n) % clips.length).find((n) => !marker.marks.of(clips[n]).length);
    if (following === undefined) say("All clips are labelled. Press 6 to build again.");
    else return pick(following);
  }

  function nothing() {
    marker.nothing();
    return next();
  }

  function undo() {
    const video = marker.undo();
    if (video && video !== clips[chosen]) return pick(clips.indexOf(video));
  }

  return {
    close: () => desk.close(),
    keys: () => [
      ...marker.keys(), ["n", "nothing here; on to the next unlabelled clip", nothing], ["z", "undo", undo],
      ["Enter", "next unlabelled clip", next], ["ArrowDown", "next clip", () => pick(chosen + 1)], ["ArrowUp", "previous clip", () => pick(chosen - 1)],
      ...desk.keys(),
    ],
  };
}
