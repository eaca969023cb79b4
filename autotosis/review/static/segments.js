// Judging a VOD: what the reel shows, what the model is least sure of, and what it missed.

import { el, button, clock, clamp, rounded, reveal } from "./dom.js";
import { get, Marks, withMark } from "./api.js";
import { Desk } from "./desk.js";

// What is shown before and after a segment, and how far back a moment is added (seconds).
const AROUND = 3, BACK = 2;
const REASONS = { reel: "in the reel", uncertain: "uncertain", sure: "sure", yours: "yours" };

/** Choose one of the VODs; null if there is none. */
export function vodChooser(project, changed) {
  const known = project.vods.map(({ name }) => name);
  const name = known.includes(sessionStorage.getItem("vod")) ? sessionStorage.getItem("vod") : known[0];
  const select = el("select", { "aria-label": "VOD", onchange: () => {
    sessionStorage.setItem("vod", select.value);
    changed();
  } }, ...known.map((each) => el("option", { value: each, selected: each === name }, each)));
  return { name, select, vod: project.vods.find((each) => each.name === name) };
}

export const NO_VODS = "params.yaml names no VOD. Put a recording into vods/ of the streamer's folder and name it under vods.";

const shared = (one, other) => Math.min(one.end, other.end) - Math.max(one.start, other.start);
const sameMoment = (one, other) => shared(one, other) > 0.5 * Math.min(one.end - one.start, other.end - other.start);

/** All moments worth a judgement: the questions in their order, then the rest of the reel, then the user's own. */
export function moments(vod, marks) {
  const items = vod.questions.map((one) => ({ ...one, reason: one.reason }));
  for (const one of vod.segments.filter(({ keep }) => keep)) {
    const event = { start: one.event_start, end: one.event_end };
    const same = items.find((item) => sameMoment(item, event));
    if (same) same.inReel = true;
    else items.push({ ...event, reason: "reel", inReel: true, probability: one.score });
  }
  for (const [start, end] of marks) {
    const mark = { start: start ?? 0, end: end ?? vod.duration };
    if (!items.some((item) => sameMoment(item, mark))) items.push({ ...mark, reason: "yours" });
  }
  return items;
}

export async function open(root, { project, say, open: go }) {
  const { name, select, vod: entry } = vodChooser(project, () => go("segments"));
  if (!name) return void root.append(el("p", { className: "empty" }, NO_VODS));
  const vod = await get(`/api/vods/${name}`);
  let items = [], chosen = 0;
  const marks = new Marks("labels", () => refresh());
  const desk = new Desk({ edge: moveEdge, choose: (mark) => pick(items.indexOf(mark)) });
  const list = el("ol", { className: "list", "aria-label": "Moments to judge" });
  const progress = el("p", { className: "progress", role: "status" });
  const judging = el("div", { className: "actions" },
    button("Yes, a highlight", "Y", () => judge(1), { className: "yes" }), button("No", "N", () => judge(0), { className: "no" }),
    button("Not judged", "U", () => judge(null)), button("Add a missed one", "A", add), button("Undo", "Z", undo));
  const warning = entry.holdout ? el("p", { className: "warning" }, `${name} is in the holdout: it measures the model, so it cannot teach it. `,
    button("Open Holdout", "", () => go("holdout"))) : null;
  for (const each of judging.children) each.disabled = entry.holdout;
  root.append(desk.root, el("section", { className: "side", "aria-label": "Judging" },
    el("div", { className: "bar" }, el("h2", {}, "Is this a highlight?"), select), warning, judging, progress, list));
  await Promise.all([desk.load(vod.video, name, vod), marks.load()]);
  items = moments(vod, marks.of(vod.video));
  refresh();
  pick(Math.max(0, items.findIndex((item) => !item.mark)), false);

  function refresh() {
    if (!marks.state) return;
    for (const item of items) {
      item.mark = marks.of(vod.video).find(([start, end]) => sameMoment(item, { start: start ?? 0, end: end ?? vod.duration }));
      if (item.mark) [item.start, item.end] = [item.mark[0] ?? 0, item.mark[1] ?? vod.duration];
      item.kind = item.mark ? (item.mark[2] ? "yes" : "no") : item.inReel ? "reel" : "ask";
    }
    const judged = items.filter((item) => item.mark).length;
    progress.textContent = items.length ? `${judged} of ${items.length} judged` : "Nothing to judge yet. Press A at a highlight to add it.";
    list.replaceChildren(...items.map(row));
    desk.mark(items, items[chosen]);
  }

  function row(item, number) {
    const verdict = item.mark ? (item.mark[2] ? "yes" : "no") : "–";
    return el("li", { "aria-current": number === chosen ? "true" : "false" }, el("button", { type: "button", onclick: () => pick(number) },
      el("span", { className: `verdict ${item.kind}` }, verdict), el("span", { className: "time" }, clock(item.start)),
      el("span", { className: "length" }, `${(item.end - item.start).toFixed(1)} s`),
      el("span", { className: "reason" }, REASONS[item.reason] ?? item.reason, item.inReel && item.reason !== "reel" ? ", in the reel" : ""),
      el("span", { className: "score" }, item.probability === null || item.probability === undefined ? "" : `${Math.round(100 * item.probability)} %`)));
  }

  function pick(number, play = true) {
    if (!items.length) return;
    chosen = clamp(number, 0, items.length - 1);
    const { start, end } = items[chosen];
    refresh();
    reveal(list);
    desk.look(start - AROUND - 1, end + AROUND + 1);
    if (play) desk.player.playStretch(start - AROUND, end + AROUND);
    else desk.player.seek(start - AROUND);
  }

  function set(item, label) {
    const mark = label === null ? null : [rounded(item.start, vod.duration), rounded(item.end, vod.duration), label];
    marks.set(vod.video, withMark(marks.of(vod.video), mark, item.mark ? [item.mark] : []));
  }

  function judge(label) {
    const item = items[chosen];
    if (!item || entry.holdout || (label === null && !item.mark)) return;
    set(item, label);
    if (label === null) return;
    const next = [...items.keys()].map((n) => (chosen + 1 + n) % items.length).find((n) => !items[n].mark);
    if (next === undefined) say("All are judged. Add what was missed with A, or press 6 to build again.");
    else pick(next);
  }

  function moveEdge(item, which, time, done) {
    if (entry.holdout) return;
    const [low, high] = which === "start" ? [0, item.end - 0.2] : [item.start + 0.2, vod.duration];
    item[which] = rounded(clamp(time, low, high), vod.duration);
    // Whoever mends the edges of a moment says that there is one.
    if (done) set(item, item.mark ? item.mark[2] : 1);
    desk.mark(items, items[chosen]);
  }

  function add() {
    if (entry.holdout) return;
    const now = desk.player.time, item = { start: Math.max(0, now - BACK), end: Math.min(vod.duration, now + 0.5), reason: "yours" };
    desk.player.video.pause();
    if (items.some((other) => sameMoment(item, other))) return say("There is a moment here already; choose it in the list.");
    items.push(item);
    chosen = items.length - 1;
    set(item, 1);
    desk.look(item.start - AROUND - 1, item.end + AROUND + 1);
    reveal(list);
  }

  function undo() {
    if (!marks.takeBack()) return say("Nothing to undo.");
    const asked = items.filter((item) => item.reason !== "yours" || item.mark);
    if (asked.length < items.length) [items, chosen] = [asked, Math.min(chosen, asked.length - 1)];
    refresh();
  }

  return {
    close: () => desk.close(),
    keys: () => [
      ["y", "yes, a highlight; on to the next", () => judge(1)], ["n", "no highlight; on to the next", () => judge(0)],
      ["u", "not judged", () => judge(null)], ["a", "add a missed highlight that ends here", add], ["z", "undo", undo],
      ["ArrowDown", "next moment", () => pick(chosen + 1)], ["ArrowUp", "previous moment", () => pick(chosen - 1)],
      ["Enter", "play it again", () => pick(chosen)],
      ["i", "start of the moment is here", () => items[chosen] && moveEdge(items[chosen], "start", desk.player.time, true)],
      ["o", "end of the moment is here", () => items[chosen] && moveEdge(items[chosen], "end", desk.player.time, true)],
      ...desk.keys(),
    ],
  };
}

