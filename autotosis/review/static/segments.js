// Judging a VOD: what the reel shows, what the model is least sure of, and what it missed.

import { el, button, cell, clock, clamp, fill, nextOf, percent, rounded } from "./dom.js";
import { get } from "./api.js";
import { Desk, vodChooser } from "./desk.js";
import { Marks, withMark } from "./marks.js";

// What is shown before and after a moment, how long one is at least, and how far back a missed one begins (seconds).
const AROUND = 3, SHORTEST = 0.2, BACK = 2;
const REASONS = { reel: "shown", yours: "yours" };

const shared = (one, other) => Math.min(one.end, other.end) - Math.max(one.start, other.start);
const same = (one, other) => shared(one, other) > 0.5 * Math.min(one.end - one.start, other.end - other.start);

/** All moments to judge: the questions in their order, then the rest of the reel, then those that only the user has named. */
function moments(vod, marks) {
  const items = vod.questions.map((question) => ({ ...question }));
  for (const { event_start: start, event_end: end, score } of vod.segments.filter(({ keep }) => keep)) {
    const known = items.find((item) => same(item, { start, end }));
    if (known) known.inReel = true;
    else items.push({ start, end, reason: "reel", inReel: true, probability: vod.inverted ? 1 - score : score });
  }
  for (const mark of marks) if (!items.some((item) => same(item, mark))) items.push({ ...mark, reason: "yours" });
  return items;
}

export async function open(root, { project, say, go }) {
  const { vod: entry, select } = vodChooser(root, project, () => go("segments"));
  if (!entry) return;
  const vod = await get(`/api/vods/${entry.name}`);
  let items = [], chosen = 0, loaded = false;
  const marks = new Marks("labels", refresh);
  const desk = new Desk({ edge: moveEdge, choose: (item) => pick(items.indexOf(item)) });
  const list = el("ol", { className: "list", "aria-label": "Moments to judge" }), progress = el("p", { className: "progress", role: "status" });
  const actions = [button("Yes, a highlight", "Y", () => judge(1), { className: "yes" }), button("No", "N", () => judge(0), { className: "no" }),
    button("Not judged", "U", () => judge(null)), button("Add a missed one", "A", add), button("Undo", "Z", undo)];
  const warning = el("p", { className: "warning", hidden: !entry.holdout }, `${entry.name} is in the holdout: it measures the model and must not train it. `, button("Open Holdout", "5", () => go("holdout")));
  for (const each of actions) each.disabled = entry.holdout;
  root.replaceChildren(desk.root, el("section", { className: "side", "aria-label": "Judging" },
    el("div", { className: "bar" }, el("h2", {}, "Is this a highlight?"), select), warning, el("div", { className: "actions" }, ...actions), progress, list));
  await Promise.all([desk.load(vod.video, entry.name, vod), marks.load()]);
  items = moments(vod, judged());
  loaded = true;
  refresh();
  pick(Math.max(0, items.findIndex((item) => !item.judged)), false);

  function judged() {
    return marks.of(vod.video).map((mark) => ({ mark, start: mark[0] ?? 0, end: mark[1] ?? vod.duration }));
  }

  function refresh() {
    if (!loaded) return;
    const known = judged();
    for (const item of items) {
      item.judged = known.find((mark) => same(item, mark));
      item.found ??= { start: item.start, end: item.end };
      const { start, end } = item.judged ?? item.found;
      Object.assign(item, { start, end });
      item.kind = item.judged ? (item.judged.mark[2] ? "yes" : "no") : item.inReel ? "reel" : "ask";
    }
    progress.textContent = items.length ? `${items.filter((item) => item.judged).length} of ${items.length} judged` : "Nothing to judge yet. Press A at a highlight to add it.";
    fill(list, items, chosen, pick, (item) => [cell(`verdict ${item.kind}`, item.kind === "ask" ? "–" : item.kind), cell("time", clock(item.start)),
      cell("length", `${(item.end - item.start).toFixed(1)} s`), cell("reason", REASONS[item.reason] ?? item.reason), percent(item.probability)]);
    desk.mark(items, items[chosen]);
  }

  function pick(number, play = true) {
    if (!items.length) return;
    chosen = clamp(number, 0, items.length - 1);
    refresh();
    const { start, end } = items[chosen];
    desk.detail.show(start - AROUND - 1, end + AROUND + 1);
    if (play) desk.player.playStretch(start - AROUND, end + AROUND);
    else desk.player.seek(start - AROUND);
  }

  function set(item, label) {
    const mark = label === null ? null : [rounded(item.start, vod.duration), rounded(item.end, vod.duration), label];
    return marks.set(vod.video, withMark(marks.of(vod.video), mark, item.judged?.mark, vod.duration));
  }

  function judge(label) {
    const item = items[chosen];
    if (!item || entry.holdout || (label === null && !item.judged)) return;
    set(item, label);
    if (label === null) return;
    const next = nextOf(items, chosen, (other) => !other.judged);
    if (next === undefined) say("All are judged. Add missed highlights with A, or press 6, then B, to rebuild.");
    else pick(next);
  }

  function moveEdge(item, which, time, done) {
    if (entry.holdout || !item) return;
    const [low, high] = which === "start" ? [0, item.end - SHORTEST] : [item.start + SHORTEST, vod.duration];
    item[which] = rounded(clamp(time, low, high), vod.duration);
    // Correcting the edges of an unjudged moment confirms it as a highlight.
    if (done) set(item, item.judged ? item.judged.mark[2] : 1);
    else desk.detail.draw();
  }

  function add() {
    const now = desk.player.time, item = { start: Math.max(0, now - BACK), end: Math.min(vod.duration, now + 0.5), reason: "yours" };
    if (entry.holdout) return;
    const there = items.findIndex((other) => same(item, other));
    if (there >= 0) {
      pick(there);
      return say("This moment is in the list already; press Y or N.");
    }
    desk.player.video.pause();
    chosen = items.push(item) - 1;
    set(item, 1);
    desk.detail.show(item.start - AROUND - 1, item.end + AROUND + 1);
  }

  function undo() {
    if (!marks.undo()) return;
    items = items.filter((item) => item.reason !== "yours" || item.judged);
    chosen = Math.min(chosen, items.length - 1);
    refresh();
  }

  return {
    close: () => desk.player.close(),
    keys: () => [
      ["y", "yes, a highlight; on to the next", () => judge(1)], ["n", "no highlight; on to the next", () => judge(0)], ["u", "not judged", () => judge(null)],
      ["a", "add a missed highlight that ends here", add], ["z", "undo", undo], ["Enter", "play it again", () => pick(chosen)],
      ["ArrowDown", "next moment", () => pick(chosen + 1)], ["ArrowUp", "previous moment", () => pick(chosen - 1)],
      ["i", "start of the moment is here", () => moveEdge(items[chosen], "start", desk.player.time, true)],
      ["o", "end of the moment is here", () => moveEdge(items[chosen], "end", desk.player.time, true)],
      ...desk.keys(),
    ],
  };
}
