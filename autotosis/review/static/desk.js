// What most views are built around: the player, the strip of what is looked at, and the strip of the whole video.

import { el } from "./dom.js";
import { bytes } from "./api.js";
import { Player } from "./player.js";
import { Strip, Loudness } from "./strip.js";

export const NUDGE = 0.1;

export class Desk {
  /** `edge(mark, which, time, done)` is called while an edge is dragged or nudged, `choose(mark)` for a click on a mark. */
  constructor({ edge, choose }) {
    this.edge = edge;
    const seek = (time) => {
      this.player.stretch = null;
      this.player.seek(time);
    };
    this.detail = new Strip({ label: "Probability and loudness of the part that is looked at", height: 112, seek, edge, choose, zoomed: () => this.windowed() });
    this.whole = new Strip({ label: "The whole video", height: 56, seek, choose });
    this.player = new Player((time) => this.showTime(time));
    this.root = el("section", { className: "desk", "aria-label": "Video" }, this.player.root, this.detail.canvas, this.whole.canvas);
  }

  /** Show a video; `vod` is its name and what the server says of it, for clips there is none. */
  async load(video, name = null, vod = null) {
    const [info, probabilities] = await Promise.all([
      this.player.load(video),
      name ? bytes(`/api/vods/${name}/probabilities`).catch(() => null) : null,
    ]);
    const loudness = new Loudness(video, info);
    for (const strip of [this.detail, this.whole]) {
      Object.assign(strip, { marks: [], chosen: null });
      strip.set({ duration: info.duration, probabilities, threshold: vod?.threshold, loudness });
    }
    this.whole.canvas.hidden = !name;
    this.windowed();
    return info;
  }

  /** Draw these marks, {start, end, kind}; the edges of the chosen one can be dragged. */
  mark(marks, chosen) {
    for (const strip of [this.detail, this.whole]) {
      Object.assign(strip, { marks, chosen: strip === this.detail ? chosen : null });
      strip.draw();
    }
  }

  look(from, to) {
    this.detail.show(Math.max(0, from), Math.min(to, this.player.duration));
    this.windowed();
  }

  windowed() {
    this.whole.window = [this.detail.from, this.detail.to];
    this.whole.draw();
  }

  showTime(time) {
    for (const strip of [this.detail, this.whole]) {
      strip.now = time;
      strip.draw();
    }
    if (!this.player.video.paused) {
      this.detail.follow();
      this.windowed();
    }
    this.watch?.(time);
  }

  zoom(factor) {
    this.detail.zoom(factor);
    this.windowed();
  }

  keys() {
    const nudge = (which, by) => {
      const chosen = this.detail.chosen;
      if (chosen) this.edge(chosen, which, chosen[which] + by, true);
    };
    return [
      ...this.player.keys(),
      ["q", "start of the mark 0.1 s earlier", () => nudge("start", -NUDGE)],
      ["w", "start of the mark 0.1 s later", () => nudge("start", NUDGE)],
      ["e", "end of the mark 0.1 s earlier", () => nudge("end", -NUDGE)],
      ["r", "end of the mark 0.1 s later", () => nudge("end", NUDGE)],
      ["PageUp", "zoom in", () => this.zoom(0.6)],
      ["PageDown", "zoom out", () => this.zoom(1 / 0.6)],
    ];
  }

  close() {
    this.player.destroy();
  }
}
