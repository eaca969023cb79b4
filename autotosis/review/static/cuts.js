// The cut list of a VOD: what the reel shows, in the order of time, and how it plays without being rendered.

import { el, button, clock, clamp, reveal } from "./dom.js";
import { get, send, Kept } from "./api.js";
import { Desk } from "./desk.js";
import { vodChooser, NO_VODS } from "./segments.js";

const AROUND = 4, SHORTEST = 0.2;

export async function open(root, { project, say, open: go }) {
  const { name, select } = vodChooser(project, () => go("cuts"));
  if (!name) return void root.append(el("p", { className: "empty" }, NO_VODS));
  const vod = await get(`/api/vods/${name}`);
  const read = async () => sorted(await get(`/api/vods/${name}`));
  const write = async (segments, version) => sorted(await send("PUT", `/api/vods/${name}/cut`, { version, segments: segments && segments.map(
    ({ start, end, keep }) => ({ start, end, keep })) }));
  const cut = new Kept(read, write, () => refresh());
  let chosen = 0, previewing = false;
  const desk = new Desk({ edge: moveEdge, choose: (mark) => pick(cut.state.segments.indexOf(mark), false) });
  const list = el("ol", { className: "list", "aria-label": "Segments" }), total = el("p", { className: "total", role: "status" });
  const state = el("p", { className: "progress" });
  const preview = button("Preview the reel", "P", togglePreview, { className: "yes" }), back = button("Back to the model's cut", "", reset);
  root.append(desk.root, el("section", { className: "side", "aria-label": "Cut list" }, el("div", { className: "bar" }, el("h2", {}, "What the reel shows"), select),
    total, el("div", { className: "actions" }, preview, button("Keep or drop", "K", toggle), button("Add here", "A", add), button("Undo", "Z", undo), back), state, list));
  await Promise.all([desk.load(vod.video, name, vod), cut.load()]);
  desk.player.passed = () => previewing && playNext();
  desk.watch = () => previewing && desk.player.video.paused && stopPreview();
  pick(0, false);

  function sorted(state) {
    state.segments.sort((one, other) => one.start - other.start);
    return state;
  }

  function refresh() {
    const { segments, edited } = cut.state;
    chosen = clamp(chosen, 0, Math.max(0, segments.length - 1));
    for (const one of segments) one.kind = one.keep ? "reel" : "off";
    const kept = segments.filter(({ keep }) => keep), seconds = kept.reduce((sum, one) => sum + one.end - one.start, 0);
    total.replaceChildren(el("strong", {}, clock(seconds)), ` of ${clock(vod.duration, 0)}, ${kept.length} of ${segments.length} segments`);
    state.textContent = edited ? `edits/${name}.csv is the cut list; press 6 to render it.` : segments.length ? "The model chose this cut. Whatever you change makes it yours." : "There is no cut list yet. Press 6 to build it, or A to add a segment.";
    back.hidden = !edited;
    list.replaceChildren(...segments.map((one, number) => el("li", { "aria-current": number === chosen ? "true" : "false" },
      el("input", { type: "checkbox", checked: one.keep, "aria-label": `Keep the segment at ${clock(one.start)}`, onchange: () => change(number, { keep: !one.keep }) }),
      el("button", { type: "button", onclick: () => pick(number), className: one.keep ? "" : "dropped" }, el("span", { className: "time" }, clock(one.start)),
        el("span", { className: "length" }, `${(one.end - one.start).toFixed(1)} s`), el("span", { className: "reason" }, one.keep ? "" : "dropped"),
        el("span", { className: "score" }, one.score === undefined ? "" : `${Math.round(100 * one.score)} %`)))));
    desk.mark(segments, segments[chosen]);
  }

  function pick(number, play = true) {
    const { segments } = cut.state;
    if (!segments.length) return refresh();
    stopPreview();
    chosen = clamp(number, 0, segments.length - 1);
    refresh();
    reveal(list);
    const { start, end } = segments[chosen];
    desk.look(start - AROUND, end + AROUND);
    if (play) desk.player.playStretch(start, end);
    else desk.player.seek(start);
  }

  function put(segments) {
    return cut.put(segments, cut.state.segments.map((one) => ({ ...one })), (state, wanted) => (state.segments = wanted));
  }

  function change(number, values) {
    const segments = cut.state.segments.map((one) => ({ ...one }));
    Object.assign(segments[number], values);
    const one = segments[number];
    // What is kept must not overlap.
    if (one.keep && segments.some((other) => other !== one && other.keep && Math.min(one.end, other.end) - Math.max(one.start, other.start) > 1e-6)) {
      refresh();
      return say("It overlaps a segment that is kept; drop that one or move an edge first.");
    }
    put(segments);
  }

  function toggle() {
    const one = cut.state.segments[chosen];
    if (one) change(chosen, { keep: !one.keep });
  }

  function moveEdge(mark, which, time, done) {
    const { segments } = cut.state, number = segments.indexOf(mark);
    const others = segments.filter((one) => one !== mark && one.keep && mark.keep);
    const low = Math.max(0, ...others.filter((one) => one.end <= mark.start + 1e-3).map(({ end }) => end));
    const high = Math.min(vod.duration, ...others.filter((one) => one.start >= mark.end - 1e-3).map(({ start }) => start));
    const moved = which === "start" ? clamp(time, low, mark.end - SHORTEST) : clamp(time, mark.start + SHORTEST, high);
    const values = { [which]: Math.round(moved * 1000) / 1000 };
    if (values.end > vod.duration) values.end = vod.duration;
    if (done) return change(number, values);
    // While it is dragged, only a copy moves.
    const shown = { ...mark, ...values };
    desk.mark(segments.map((one) => (one === mark ? shown : one)), mark);
    Object.assign(desk.detail, { chosen: mark });
    total.firstChild.textContent = clock(segments.reduce((sum, one) => sum + (one.keep ? (one === mark ? shown : one).end - (one === mark ? shown : one).start : 0), 0));
  }

  function add() {
    const start = Math.round(10 * desk.player.time) / 10, kept = cut.state.segments.filter(({ keep }) => keep);
    if (kept.some((one) => start >= one.start - SHORTEST && start < one.end)) return say("The reel shows this already; drag an edge instead.");
    const end = Math.min(start + 5, vod.duration, ...kept.filter((one) => one.start > start).map((one) => one.start));
    const segments = sorted({ segments: [...cut.state.segments.map((one) => ({ ...one })), { start, end, keep: true, score: 1 }] }).segments;
    chosen = segments.findIndex((one) => one.start === start && one.end === end);
    put(segments);
    desk.look(start - AROUND, end + AROUND);
  }

  function undo() {
    if (!cut.undo((state, segments) => (state.segments = segments))) say("Nothing to undo.");
  }

  async function reset() {
    if (!confirm(`Remove edits/${name}.csv? The model's cut then comes back with the next build.`)) return;
    await cut.perform(null, () => {});
    cut.past = [];
    await cut.load();
  }

  function togglePreview() {
    if (previewing) return desk.player.video.pause();
    const kept = cut.state.segments.filter(({ keep }) => keep);
    if (!kept.length) return say("Nothing is kept, so there is nothing to preview.");
    desk.whole.canvas.focus();
    previewing = true;
    preview.firstChild.textContent = "Stop the preview";
    playFrom(kept.find((one) => one.end > desk.player.time + 0.1) ?? kept[0]);
  }

  function playFrom(segment) {
    chosen = cut.state.segments.indexOf(segment);
    refresh();
    reveal(list);
    desk.look(segment.start - AROUND, segment.end + AROUND);
    desk.player.playStretch(segment.start, segment.end);
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
    close: () => desk.close(),
    keys: () => [
      ["k", "keep or drop", toggle], ["p", "preview the reel, or stop", togglePreview], ["a", "add a segment of 5 s here", add], ["z", "undo", undo],
      ["ArrowDown", "next segment", () => pick(chosen + 1)], ["ArrowUp", "previous segment", () => pick(chosen - 1)], ["Enter", "play it", () => pick(chosen)],
      ["i", "start of the segment is here", () => cut.state.segments[chosen] && moveEdge(cut.state.segments[chosen], "start", desk.player.time, true)],
      ["o", "end of the segment is here", () => cut.state.segments[chosen] && moveEdge(cut.state.segments[chosen], "end", desk.player.time, true)],
      ...desk.keys(),
    ],
  };
}
