// A strip of time: probability, loudness, marks with edges to drag, and the time that is shown.

import { el, clamp, clock } from "./dom.js";
import { bytes, path } from "./api.js";

const COLOURS = { reel: "#f2a33c", yes: "#4cc38a", no: "#ff7b7b", ask: "#b79cff", off: "#5c6572" };
// Of longer views only the loudness is drawn that is known already: listening to hours takes minutes (seconds).
const MOST_LOUDNESS = 900;
// How close to an edge one has to be, by mouse and by finger, and how far it has to be pulled at least (pixels); values of
// the loudness per second.
const GRAB = 9, TOUCH = 18, PULL = 3, RATE = 10;
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** The largest of some bytes, 0 to 1. */
function peak(values, first, end) {
  let most = 0;
  for (let n = Math.max(0, first); n < Math.min(Math.max(end, first + 1), values.length); n++) most = Math.max(most, values[n]);
  return most / 255;
}

/** How loud a video is, fetched in stretches when they are looked at. */
export class Loudness {
  constructor(video, info, drawn) {
    Object.assign(this, { video, info, drawn, parts: new Map(), queue: [] });
  }

  /** The loudest value between two times, 0 to 1; 0 if it is not known yet. */
  peak(from, to) {
    const length = this.info.loudness, start = from % length;
    return peak(this.parts.get(Math.floor(from / length)) ?? [], Math.floor(start * RATE), Math.floor((start + to - from) * RATE));
  }

  async want(from, to) {
    if (to - from > MOST_LOUDNESS) return;
    for (let n = Math.floor(from / this.info.loudness); n * this.info.loudness < to; n++) {
      if (this.parts.has(n)) continue;
      this.parts.set(n, []);
      this.queue.push(n);
    }
    if (this.busy) return;
    this.busy = true;
    // The last ones asked for are the ones that are looked at.
    for (let n; (n = this.queue.pop()) !== undefined; this.drawn()) {
      this.parts.set(n, await bytes(`/loudness/${n}/${path(this.video)}`).catch(() => []));
    }
    this.busy = false;
  }
}

export class Strip {
  /** `seek(time)` is called for clicks, `choose(mark)` for clicks on a mark, `edge(mark, which, time, done)` while an edge of the chosen mark is dragged. */
  constructor({ label, height, seek, edge, choose, moved }) {
    Object.assign(this, { height, seek, edge, choose, moved, marks: [], chosen: null, from: 0, to: 1, now: 0 });
    this.canvas = el("canvas", { role: "img", "aria-label": label });
    this.needle = el("div", { className: "needle" });
    this.root = el("div", { className: "strip" }, this.canvas, this.needle);
    this.root.style.height = `${height}px`;
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) this.canvas.addEventListener(type, (event) => this.pointer(event));
    if (edge) this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(from, to) {
    [this.from, this.to] = [Math.max(0, from), Math.min(Math.max(to, from + 0.5), this.duration)];
    this.loudness?.want(this.from, this.to);
    this.draw();
    this.moved?.();
  }

  /** Show some seconds, by default as many as now, from another time on. */
  pan(from, length = this.to - this.from) {
    const start = clamp(from, 0, this.duration - length);
    this.show(start, start + length);
  }

  zoom(factor, around = this.now) {
    const length = clamp((this.to - this.from) * factor, 4, this.duration);
    this.pan(around - ((around - this.from) / (this.to - this.from)) * length, length);
  }

  /** Say what time it is; a strip that `follows` moves along. */
  tell(time, follows) {
    this.now = time;
    if (follows && this.duration && (time < this.from || time > this.to)) this.pan(time - (this.to - this.from) / 8);
    this.needle.style.transform = `translateX(${clamp(this.x(time), -3, this.canvas.clientWidth + 3)}px)`;
  }

  x(time) {
    return ((time - this.from) / (this.to - this.from)) * this.canvas.clientWidth;
  }

  time(x) {
    return clamp(this.from + (x / this.canvas.clientWidth) * (this.to - this.from), 0, this.duration ?? 0);
  }

  pointer(event) {
    const { type, offsetX: x } = event, time = this.time(x);
    if (type === "pointerdown" && event.button === 0) {
      this.canvas.setPointerCapture(event.pointerId);
      this.dragged = this.edgeAt(x, event.pointerType === "touch" ? TOUCH : GRAB) ?? "time";
      Object.assign(this, { downAt: x, pulled: false, before: this.chosen?.[this.dragged] });
      const mark = this.marks.findLast((one) => time >= one.start && time <= one.end);
      if (this.dragged === "time" && mark && mark !== this.chosen && this.choose) {
        this.choose(mark);
        this.seek(time);
        // The strip may show another part now, in which this place is another time.
        this.dragged = null;
      }
    }
    if (!this.dragged) return void (this.canvas.style.cursor = this.edgeAt(x, GRAB) ? "ew-resize" : "pointer");
    // A click beside an edge is meant for the time: it must not write anything.
    this.pulled ||= Math.abs(x - this.downAt) > PULL;
    if (type === "pointercancel") this.putBack();
    else if (this.dragged !== "time" && this.pulled) this.edge(this.chosen, this.dragged, time, type === "pointerup");
    else if (this.dragged === "time" || type === "pointerup") this.seek(time);
    if (type === "pointerup" || type === "pointercancel") this.dragged = null;
  }

  /** Show an edge where it was before it was pulled. */
  putBack() {
    if (this.dragged === "time") return;
    this.edge(this.chosen, this.dragged, this.before, false);
    // The view has rounded it.
    this.chosen[this.dragged] = this.before;
  }

  edgeAt(x, reach) {
    if (!this.chosen || !this.edge) return null;
    const off = (which) => Math.abs(this.x(this.chosen[which]) - x), which = off("start") < off("end") ? "start" : "end";
    return off(which) <= reach ? which : null;
  }

  wheel(event) {
    event.preventDefault();
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways) this.pan(this.from + ((event.deltaX || event.deltaY) / 500) * (this.to - this.from));
    else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.time(event.offsetX));
  }

  draw() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const width = this.canvas.clientWidth, body = this.height - 16;
    if (!width || !this.duration) return;
    [this.canvas.width, this.canvas.height] = [width * devicePixelRatio, this.height * devicePixelRatio];
    const context = this.canvas.getContext("2d"), step = (this.to - this.from) / width;
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillStyle = "#3d4858";
    for (let x = 0; x < width; x++) {
      const loud = this.loudness?.peak(this.from + x * step, this.from + (x + 1) * step);
      if (loud) context.fillRect(x, (body - loud * body * 0.9) / 2, 1, loud * body * 0.9);
    }
    for (const mark of this.marks) this.block(context, mark, body);
    this.curve(context, width, body, step);
    this.ruler(context, width, body, step);
    if (this.window) context.strokeRect(this.x(this.window[0]) + 0.5, 0.5, Math.max(3, this.x(this.window[1]) - this.x(this.window[0])) - 1, body - 1);
    this.tell(this.now);
  }

  block(context, mark, body) {
    const from = this.x(mark.start), width = Math.max(2, this.x(mark.end) - from), chosen = mark === this.chosen;
    context.fillStyle = COLOURS[mark.kind];
    context.globalAlpha = chosen ? 0.42 : 0.26;
    context.fillRect(from, 0, width, body);
    context.globalAlpha = 1;
    context.fillRect(from, body - 3, width, 3);
    for (const x of chosen && this.edge ? [from, from + width] : []) {
      context.fillRect(x - 1, 0, 2, body);
      context.fillRect(x - 4, body / 2 - 11, 8, 22);
    }
  }

  curve(context, width, body, step) {
    const values = this.probabilities, density = (values?.length ?? 0) / this.duration;
    const height = (share) => body - 1 - share * (body - 4);
    context.beginPath();
    for (let x = 0; density && x <= width; x++) {
      const time = this.from + x * step;
      context.lineTo(x, height(peak(values, Math.floor(time * density), Math.floor((time + step) * density))));
    }
    context.strokeStyle = "#6cb2ff";
    context.lineWidth = 1.5;
    context.stroke();
    context.strokeStyle = context.fillStyle = "#a3acb9";
    for (let x = 0; density && this.threshold && x < width; x += 8) context.fillRect(x, height(this.threshold), 4, 1);
  }

  ruler(context, width, body, step) {
    const unit = STEPS.find((each) => each / step > 64) ?? 7200;
    context.font = "10.5px system-ui, sans-serif";
    for (let time = Math.ceil(this.from / unit) * unit; time <= this.to; time += unit) {
      const x = this.x(time);
      context.fillRect(x, body, 1, 4);
      if (x < width - 34) context.fillText(clock(time, unit < 1 ? 1 : 0), x + 3, this.height - 4);
    }
  }
}
