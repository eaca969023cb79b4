// The holdout: VODs in which every highlight is marked, which measure the model and never teach it.

import { el, button, clock } from "./dom.js";
import { get } from "./api.js";
import { vodChooser } from "./desk.js";
import { Marker } from "./marker.js";
import { Marks } from "./marks.js";

// How much is shown at once (seconds).
const WINDOW = 60;

export async function open(root, { project, say, go }) {
  const { vod: entry, select } = vodChooser(root, project, () => go("holdout"));
  if (!entry) return;
  const { name, video } = entry;
  const marker = new Marker("holdout", { say, changed: refresh, nothing: button("No highlight in it", "N", () => marker.nothing(), { className: "no" }), undone });
  const { desk, marks } = marker, taught = new Marks("labels", refresh);
  // The entry of `marks.past` for joining, if that has removed judgements as well.
  let joined;
  const state = el("p", { className: "warning", role: "status" });
  const put = button("Make it a holdout", "", join, { className: "yes" }), remove = button("Let it teach again", "", leave);
  root.replaceChildren(desk.root, el("section", { className: "side", "aria-label": "Holdout" }, el("div", { className: "bar" }, el("h2", {}, "Mark every highlight"), select, marker.setting),
    state, el("div", { className: "actions" }, put, remove), marker.actions, marker.note, marker.list));
  const vod = await get(`/api/vods/${name}`);
  await Promise.all([desk.load(video, name, vod), marks.load(), taught.load()]);
  marker.show(video);
  desk.detail.show(0, WINDOW);

  function refresh() {
    const held = marks.of(video).length > 0, rows = taught.of(video).length;
    state.textContent = held
      ? `${name} measures the model. Highlights marked in its ${clock(desk.player.duration, 0)}: ${marker.items.filter(({ kind }) => kind === "yes").length}. Mark all that there are, or the figures are wrong.`
      : `${name} is not a holdout. The model learns from its judgements (${rows} so far). As a holdout, with every highlight marked, it measures the model instead.`;
    [put.hidden, remove.hidden] = [held, !held];
    for (const each of marker.actions.children) each.disabled = !held && each.onclick !== marker.undo;
  }

  async function join() {
    const rows = taught.of(video), highlights = rows.filter(([, , label]) => label);
    if (rows.length && !confirm(`Remove all judgements about ${name} (${rows.length}) from labels.csv? Highlights among them become marks of the holdout.`)) return;
    const written = marker.set(highlights.length ? highlights : [[null, null, 0]], null), back = marks.past.at(-1);
    await written;
    // If the holdout could not be written, its marks are not there.
    if (!rows.length || !marks.of(video).length) return;
    joined = back;
    await taught.set(video, []);
  }

  async function undone(_, back) {
    if (back !== joined) return;
    await marks.last;
    // If the holdout could not be written, its marks are still there.
    if (!marks.of(video).length) taught.undo();
  }

  async function leave() {
    if (marker.items.length > 1 && !confirm(`Remove the marks of ${name} from holdout.csv?`)) return;
    await marker.set([], null);
  }

  function step(by) {
    const item = marker.items[marker.items.findIndex(({ mark }) => String(mark) === String(marker.item?.mark)) + by];
    if (!item) return;
    desk.detail.show(item.start - WINDOW / 2, item.start + WINDOW / 2);
    marker.choose(item);
  }

  return {
    close: () => desk.player.close(),
    keys: () => marks.of(video).length ? [["n", "no highlight in the whole VOD", () => marker.nothing()],
      ["ArrowDown", "next mark", () => step(1)], ["ArrowUp", "previous mark", () => step(-1)], ...marker.keys()] : [["z", "undo", marker.undo], ...desk.player.keys()],
  };
}
