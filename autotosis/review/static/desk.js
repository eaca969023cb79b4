// What most views are built around: the player, the strip of what is looked at, and the strip of the whole video.

import { el } from "./dom.js";
import { bytes } from "./api.js";
import { Player } from "./player.js";
import { Strip, Loudness } from "./strip.js";

const NUDGE = 0.1;

/** The earliest start and the latest end that a mark may be given: up to the other marks, which may overlap it by `slack` (seconds). */
export const room = ({ start, end }, others, duration, slack = 0) => [
  Math.max(0, ...others.map((one) => one.end).filter((time) => time <= start + slack)),
  Math.min(duration, ...others.map((one) => one.start).filter((time) => time >= end - slack)),
];

export class Desk {
  /** `edge(mark, which, time, done)` is called while an edge is dragged or nudged, `choose(mark)` for a click on a mark. */
  constructor({ edge, choose }) {
    this.edge = edge;
    const seek = (time) => {
      this.player.stretch = null;
      this.player.seek(time);
    };
    const moved = () => {
      this.whole.window = [this.detail.from, this.detail.to];
      this.whole.draw();
    };
    this.whole = new Strip({ label: "The whole video", height: 56, seek, choose });
    this.detail = new Strip({ label: "Probability and loudness of the part in view", height: 112, seek, edge, choose, moved });
    this.strips = [this.detail, this.whole];
    this.player = new Player((time) => {
      this.detail.tell(time, !this.player.video.paused);
      this.whole.tell(time);
      this.watch?.();
    });
    this.root = el("section", { className: "desk", "aria-label": "Video" }, this.player.root, this.detail.root, this.whole.root);
  }

  /** Show a video; `name` is that of a VOD and `vod` what the server says of it, for clips there is neither. */
  async load(video, name = null, vod = null) {
    const [info, probabilities] = await Promise.all([this.player.load(video), name && bytes(`/api/vods/${name}/probabilities`)]);
    const loudness = new Loudness(video, info, () => this.strips.forEach((strip) => strip.draw()));
    for (const strip of this.strips) {
      Object.assign(strip, { marks: [], chosen: null, duration: info.duration, probabilities, threshold: vod?.threshold, loudness });
      strip.show(0, info.duration);
    }
    this.whole.root.hidden = !name;
    return info;
  }

  /** Draw these marks, {start, end, kind}; the edges of the chosen one can be dragged. */
  mark(marks, chosen) {
    for (const strip of this.strips) {
      Object.assign(strip, { marks, chosen });
      strip.draw();
    }
  }

  keys() {
    const nudge = (which, by) => {
      const { chosen } = this.detail;
      if (chosen) this.edge(chosen, which, chosen[which] + by, true);
    };
    return [
      ...this.player.keys(),
      ["q", "start of the mark 0.1 s earlier", () => nudge("start", -NUDGE)], ["w", "start of the mark 0.1 s later", () => nudge("start", NUDGE)],
      ["e", "end of the mark 0.1 s earlier", () => nudge("end", -NUDGE)], ["r", "end of the mark 0.1 s later", () => nudge("end", NUDGE)],
      ["PageUp", "zoom in", () => this.detail.zoom(0.6)], ["PageDown", "zoom out", () => this.detail.zoom(1 / 0.6)],
    ];
  }
}

/** Let the user choose one of the VODs; its entry in the project, or nothing where there is none. */
export function vodChooser(root, project, changed) {
  const vod = project.vods.find(({ name }) => name === sessionStorage.getItem("vod")) ?? project.vods[0];
  const select = el("select", { "aria-label": "VOD", onchange: () => {
    sessionStorage.setItem("vod", select.value);
    changed();
  } }, ...project.vods.map(({ name }) => el("option", { value: name, selected: name === vod.name }, name)));
  // It is there before the VOD is read: another one may be chosen if that fails.
  root.append(el("p", { className: "empty" }, vod ? select : "params.yaml names no VOD. Put a recording into vods/ of the streamer's folder and name it under vods."));
  return { vod, select };
}
