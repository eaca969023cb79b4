// Labelling clips: where in each the highlights are, or that there is none.

import { el, button, cell, clamp, fill, nextOf } from "./dom.js";
import { complain } from "./api.js";
import { Marker } from "./marker.js";

export async function open(root, { project, say }) {
  const { clips } = project;
  if (!clips.length) return void root.append(el("p", { className: "empty" }, `There are no clips in ${project.folder}/clips.`));
  let chosen = 0;
  const marker = new Marker("labels", { say, changed: refresh, nothing: button("Nothing here", "N", nothing, { className: "no" }), undone: (video) => video !== clips[chosen] && pick(clips.indexOf(video)) });
  const { desk, marks } = marker;
  const list = el("ol", { className: "list", "aria-label": "Clips" }), progress = el("p", { className: "progress", role: "status" });
  marker.actions.append(button("Next unlabelled", "Enter", next));
  root.append(desk.root, el("section", { className: "side", "aria-label": "Labelling" },
    el("div", { className: "bar" }, el("h2", {}, "Where are the highlights?"), marker.setting), marker.actions, marker.list, marker.note, progress, list));
  await marks.load();
  desk.player.loop(true);
  await pick(Math.max(0, clips.findIndex((clip) => !marks.of(clip).length)), false).catch(complain);

  function refresh() {
    progress.textContent = `${clips.filter((clip) => marks.of(clip).length).length} of ${clips.length} clips labelled`;
    fill(list, clips, chosen, pick, (clip) => {
      const rows = marks.of(clip), highlights = rows.filter(([, , label]) => label).length;
      return [cell("reason", clip.replace("clips/", "")), cell(`verdict ${highlights ? "yes" : rows.length ? "no" : ""}`, highlights ? `${highlights} highlight${highlights > 1 ? "s" : ""}` : rows.length ? "nothing" : "–")];
    });
  }

  async function pick(number, play = true) {
    chosen = clamp(number, 0, clips.length - 1);
    marker.show(clips[chosen]);
    const { duration } = await desk.load(clips[chosen]);
    marker.refresh();
    if (play) desk.player.playStretch(0, duration);
    else desk.player.stretch = [0, duration];
  }

  function next() {
    const following = nextOf(clips, chosen, (clip) => !marks.of(clip).length);
    if (following === undefined) say("All clips are labelled. Press 6, then B, to rebuild.");
    else return pick(following);
  }

  function nothing() {
    marker.nothing();
    return next();
  }

  return {
    close: () => desk.player.close(),
    keys: () => [
      ["n", "nothing here; on to the next unlabelled clip", nothing], ["Enter", "next unlabelled clip", next],
      ["ArrowDown", "next clip", () => pick(chosen + 1)], ["ArrowUp", "previous clip", () => pick(chosen - 1)], ...marker.keys(),
    ],
  };
}
