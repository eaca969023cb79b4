// The holdout: VODs in which every highlight is marked, which measure the model and never teach it.

import { el, button, clock } from "./dom.js";
import { get, Marks } from "./api.js";
import { Desk } from "./desk.js";
import { Marker } from "./clips.js";
import { vodChooser, NO_VODS } from "./segments.js";

const WINDOW = 60;

export async function open(root, { project, say, open: go }) {
  const { name, select, vod: entry } = vodChooser(project, () => go("holdout"));
  if (!name) return void root.append(el("p", { className: "empty" }, NO_VODS));
  const video = entry.video;
  const desk = new Desk({ edge: (...each) => marker.moveEdge(...each), choose: (mark) => marker.choose(mark) });
  const marker = new Marker("holdout", desk, say, () => refresh());
  const taught = new Marks("labels", () => refresh());
  const state = el("p", { className: "warning", role: "status" });
  const put = button("Make it a holdout", "", join, { className: "yes" }), remove = button("Let it teach again", "", leave);
  const none = marker.actions.children[2];
  none.replaceWith(button("No highlight in it", "N", () => marker.nothing(), { className: "no" }));
  root.append(desk.root, el("section", { className: "side", "aria-label": "Holdout" },
    el("div", { className: "bar" }, el("h2", {}, "Mark every highlight"), select, marker.setting), state,
    el("div", { className: "actions" }, put, remove), marker.actions, marker.list));
  const vod = await get(`/api/vods/${name}`);
  const [info] = await Promise.all([desk.load(video, name, vod), marker.marks.load(), taught.load()]);
  marker.show(video);
  desk.look(0, Math.min(WINDOW, info.duration));

  function refresh() {
    if (!marker.marks.state || !taught.state) return;
    const held = marker.marks.of(video).length > 0, judged = taught.of(video).length;
    state.textContent = held
      ? `${name} measures the model: ${marker.items().filter(({ kind }) => kind === "yes").length} highlights are marked in its ${clock(desk.player.duration, 0)}. Mark all that there are, or the figures are wrong.`
      : `${name} teaches the model${judged ? ` by ${judged} judgements` : ""}. As a holdout it measures instead, once every highlight in it is marked.`;
    put.hidden = held;
    remove.hidden = !held;
    for (const each of marker.actions.children) each.disabled = !held;
  }

  async function join() {
    const rows = taught.of(video);
    if (rows.length && !confirm(`${rows.length} judgements about ${name} leave labels.csv; the highlights among them become marks of the holdout. Go on?`)) return;
    const highlights = rows.filter(([, , label]) => label);
    if (rows.length) await taught.set(video, []);
    if (!taught.of(video).length) await marker.set(highlights.length ? highlights : [[null, null, 0]], null);
  }

  async function leave() {
    if (marker.items().length > 1 && !confirm(`The marks of ${name} leave holdout.csv. Go on?`)) return;
    await marker.set([], null);
  }

  return {
    close: () => desk.close(),
    keys: () => (marker.marks.of(video).length ? [...marker.keys(), ["n", "no highlight in the whole VOD", () => marker.nothing()]] : []).concat([
      ["z", "undo", () => marker.undo()],
      ["ArrowDown", "next mark", () => step(1)], ["ArrowUp", "previous mark", () => step(-1)], ...desk.keys(),
    ]),
  };

  function step(by) {
    const items = marker.items(), place = items.findIndex(({ mark }) => String(mark) === String(marker.item?.mark));
    const item = items[place + by];
    if (!item) return;
    desk.look(item.start - WINDOW / 2, item.start + WINDOW / 2);
    marker.choose(item);
  }
}
