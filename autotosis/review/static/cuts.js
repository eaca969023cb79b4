// The cut list of a VOD: what the reel shows, in the order of time, and how it plays without being rendered.

import { el, button, cell, clock, clamp, fill, percent } from "./dom.js";
import { get, send, EditableTable } from "./api.js";
import { Desk, room, vodChooser } from "./desk.js";

// What is shown beside a segment, how long one is at least, and how long a new one (seconds).
const AROUND = 4, SHORTEST = 0.2, NEW = 5;

const sorted = (state) => ({ ...state, segments: state.segments.toSorted((one, other) => one.start - other.start) });
const seconds = (segments) => segments.reduce((sum, one) => sum + (one.keep ? one.end - one.start : 0), 0);

export async function open(root, { project, say, go }) {
  const { vod: entry, select } = vodChooser(root, project, () => go("cuts"));
  if (!entry) return;
  const address = `/api/vods/${entry.name}`, vod = await get(address);
  const cut = new EditableTable({
    read: async () => sorted(await get(address)),
    // A cut that is not edited is the model's.
    write: async ({ segments, edited }, version) => sorted(await send("PUT", `${address}/cut`, { version, segments: edited ? segments.map(({ start, end, keep }) => ({ start, end, keep })) : null })),
    apply: (state, change) => Object.assign(state, change),
    changed: refresh,
  });
  let chosen = 0, previewing = false;
  const desk = new Desk({ edge: moveEdge, choose: (one) => pick(cut.state.segments.indexOf(one), false) });
  const list = el("ol", { className: "list", "aria-label": "Segments" }), total = el("p", { className: "total", role: "status" }), length = el("strong"), state = el("p", { className: "progress" }), counts = el("span");
  const preview = button("Preview the reel", "P", togglePreview, { className: "yes" }), back = button("Back to the model's cut", "", reset);
  total.append(length, counts);
  root.replaceChildren(desk.root, el("section", { className: "side", "aria-label": "Cut list" }, el("div", { className: "bar" }, el("h2", {}, "What the reel shows"), select),
    total, el("div", { className: "actions" }, preview, button("Keep or drop", "K", toggle), button("Add here", "A", add), button("Undo", "Z", cut.undo), back), state, list));
  await Promise.all([desk.load(vod.video, entry.name, vod), cut.load()]);
  desk.player.passed = () => previewing && playNext();
  desk.watch = () => previewing && desk.player.video.paused && !desk.player.video.seeking && stopPreview();
  pick(0, false);

  function refresh() {
    const { segments, edited } = cut.state;
    chosen = clamp(chosen, 0, Math.max(0, segments.length - 1));
    for (const one of segments) one.kind = one.keep ? "reel" : "off";
    length.textContent = clock(seconds(segments));
    counts.textContent = ` of ${clock(vod.duration, 0)}, ${segments.filter(({ keep }) => keep).length} of ${segments.length} segments`;
    state.textContent = edited ? `edits/${entry.name}.csv is the cut list; 6 and B render it.` : segments.length ? "The model chose this cut. Whatever you change makes it yours." : "No cut list yet. Press 6, then B, to build it, or A to add a segment.";
    back.hidden = !edited;
    fill(list, segments, chosen, pick, (one) => [cell(one.keep ? "time" : "time dropped", clock(one.start)), cell("length", `${(one.end - one.start).toFixed(1)} s`), cell("reason", one.keep ? "" : "dropped"), percent(one.score)],
      (one, number) => [el("input", { type: "checkbox", checked: one.keep, "aria-label": `Keep the segment at ${clock(one.start)}`, onchange: ({ target }) => change(number, { keep: target.checked }) })]);
    desk.mark(segments, segments[chosen]);
  }

  function pick(number, play = true) {
    stopPreview();
    chosen = Math.max(0, number);
    refresh();
    const one = cut.state.segments[chosen];
    if (!one) return;
    desk.detail.show(one.start - AROUND, one.end + AROUND);
    if (play) return desk.player.playStretch(one.start, one.end);
    desk.player.seek(one.start);
  }

  const copy = () => cut.state.segments.map((one) => ({ ...one }));
  const put = (segments) => cut.put({ segments, edited: true }, { segments: copy(), edited: cut.state.edited });

  function change(number, values) {
    const segments = copy(), one = Object.assign(segments[number], values);
    if (one.keep && segments.some((other) => other !== one && other.keep && Math.min(one.end, other.end) - Math.max(one.start, other.start) > 1e-6)) {
      refresh();
      return say("It overlaps a segment that is kept; drop that one or move an edge first.");
    }
    return put(segments);
  }

  function toggle() {
    const one = cut.state.segments[chosen];
    if (one) return change(chosen, { keep: !one.keep });
  }

  function moveEdge(one, which, time, done) {
    if (!one) return;
    const { segments } = cut.state, before = (one.moved ??= { start: one.start, end: one.end });
    const others = segments.filter((other) => other !== one && other.keep && one.keep);
    const [low, high] = room(before, others, vod.duration, 1e-3);
    // Other segments may end or begin between two thousandths.
    const near = Math.round(time * 1000) / 1000;
    one[which] = which === "start" ? clamp(near, low, one.end - SHORTEST) : clamp(near, one.start + SHORTEST, high);
    length.textContent = clock(seconds(segments));
    desk.detail.draw();
    if (!done) return;
    // The state is as before until the change is made.
    const values = { [which]: one[which] };
    Object.assign(one, before);
    delete one.moved;
    return change(segments.indexOf(one), values);
  }

  function add() {
    const start = Math.min(Math.round(10 * desk.player.time) / 10, vod.duration - SHORTEST), kept = cut.state.segments.filter(({ keep }) => keep);
    if (kept.some((one) => start > one.start - SHORTEST && start < one.end)) return say("The reel shows this already; move an edge instead.");
    const one = { start, end: Math.min(start + NEW, vod.duration, ...kept.map((other) => other.start).filter((other) => other > start)), keep: true, score: 1 };
    const { segments } = sorted({ segments: [...copy(), one] });
    chosen = segments.indexOf(one);
    desk.detail.show(one.start - AROUND, one.end + AROUND);
    return put(segments);
  }

  async function reset() {
    if (!confirm(`Remove edits/${entry.name}.csv? The next build then chooses the cut.`)) return;
    cut.past = [];
    await cut.put({ segments: copy(), edited: false });
  }

  function togglePreview() {
    if (previewing) return desk.player.video.pause();
    const kept = cut.state.segments.filter(({ keep }) => keep);
    if (!kept.length) return say("Nothing is kept, so there is nothing to preview.");
    return playFrom(kept.find((one) => one.end > desk.player.time + 0.1) ?? kept[0]);
  }

  function playFrom(one) {
    const started = pick(cut.state.segments.indexOf(one));
    previewing = true;
    preview.firstChild.textContent = "Stop the preview";
    return started;
  }

  function playNext() {
    const next = cut.state.segments.slice(chosen + 1).find(({ keep }) => keep);
    if (next) playFrom(next);
    else stopPreview();
    return Boolean(next);
  }

  function stopPreview() {
    previewing = false;
    preview.firstChild.textContent = "Preview the reel";
  }

  return {
    close: () => desk.player.close(),
    keys: () => [
      ["k", "keep or drop", toggle], ["p", "preview the reel, or stop", togglePreview], ["a", `add a segment of ${NEW} s here`, add], ["z", "undo", cut.undo],
      ["ArrowDown", "next segment", () => pick(chosen + 1)], ["ArrowUp", "previous segment", () => pick(chosen - 1)], ["Enter", "play it", () => pick(chosen)],
      ["i", "start of the segment is here", () => moveEdge(cut.state.segments[chosen], "start", desk.player.time, true)],
      ["o", "end of the segment is here", () => moveEdge(cut.state.segments[chosen], "end", desk.player.time, true)],
      ...desk.keys(),
    ],
  };
}
