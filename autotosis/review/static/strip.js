// A strip of time on a canvas: probability, loudness, marks with edges to drag, and the time that is shown.

import { el, clamp, clock } from "./dom.js";
import { bytes, path } from "./api.js";

const COLOURS = { reel: "#f2a33c", yes: "#4cc38a", no: "#ff7b7b", ask: "#b79cff", plain: "#8a94a3", off: "#5c6572" };
// Of longer views only the loudness is drawn that is known already: listening to hours takes minutes (seconds).
const MOST_LOUDNESS = 900;
const GRAB = 9, TOUCH = 18;
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** How loud a video is, fetched in stretches when it is looked at. */
export class Loudness {
  constructor(video, info) {
    Object.assign(this, { video, info, parts: new Map(), queue: [] });
    this.strips = new Set();
  }

  /** Get the loudest value, 0 to 1, between two times, or undefined if it is not known yet. */
  peak(from, to) {
    const length = this.info.loudness;
    const part = this.parts.get(Math.floor(from / length));
    if (!part?.length) return undefined;
    const rate = 10, first = Math.floor((from % length) * rate);
    let peak = 0;
    for (let n = first; n < Math.max(first + 1, first + (to - from) * rate) && n < part.length; n++) peak = Math.max(peak, part[n]);
    return peak / 255;
  }

  /** Fetch what is missing between two times. */
  want(from, to) {
    const length = this.info.loudness;
    if (to - from > MOST_LOUDNESS) return;
    for (let n = Math.floor(Math.max(0, from) / length); n * length < Math.min(to, this.info.duration); n++) {
      if (this.parts.has(n)) continue;
      this.parts.set(n, []);
      this.queue.push(n);
    }
    if (!this.busy) this.fetch();
  }

  async fetch() {
    this.busy = true;
    // The last ones asked for are the ones that are looked at.
    for (let n; (n = this.queue.pop()) !== undefined;) {
      const part = await bytes(`/loudness/${n}/${path(this.video)}`).catch(() => []);
      this.parts.set(n, part);
      for (const strip of this.strips) strip.draw();
    }
    this.busy = false;
  }
}

export class Strip {
  /** `seek(time)` is called for clicks, and `edge(mark, which, time, done)` while an edge of the chosen mark is dragged. */
  constructor({ label, height, seek, edge, choose, zoomed }) {
    Object.assign(this, { seek, edge, choose, zoomed, marks: [], chosen: null, now: 0, from: 0, to: 1, height });
    this.canvas = el("canvas", { role: "img", "aria-label": label, className: "strip" });
    this.canvas.style.height = `${height}px`;
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) this.canvas.addEventListener(type, (event) => this.pointer(event));
    if (zoomed) this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** Say what is drawn. `probabilities` has a byte per moment. */
  set({ duration, probabilities, threshold, loudness }) {
    Object.assign(this, { duration, probabilities, threshold, loudness });
    loudness?.strips.add(this);
    this.show(0, duration);
  }

  show(from, to) {
    [this.from, this.to] = [from, Math.max(to, from + 0.5)];
    this.loudness?.want(from, to);
    this.draw();
  }

  zoom(factor, around = this.now) {
    const length = clamp((this.to - this.from) * factor, 4, this.duration);
    const share = (around - this.from) / (this.to - this.from);
    const from = clamp(around - share * length, 0, this.duration - length);
    this.show(from, from + length);
  }

  /** Move along with the time that is shown. */
  follow() {
    const length = this.to - this.from;
    if (length >= this.duration || (this.now >= this.from && this.now <= this.to)) return;
    const from = clamp(this.now - length / 8, 0, this.duration - length);
    this.show(from, from + length);
  }

  x(time) {
    return ((time - this.from) / (this.to - this.from)) * this.canvas.clientWidth;
  }

  time(x) {
    return clamp(this.from + (x / this.canvas.clientWidth) * (this.to - this.from), 0, this.duration ?? 0);
  }

  pointer(event) {
    const x = event.offsetX, time = this.time(x);
    if (event.type === "pointerdown" && event.button === 0) {
      this.canvas.setPointerCapture(event.pointerId);
      this.dragged = this.edgeAt(x, event.pointerType === "touch" ? TOUCH : GRAB) ?? "time";
      if (this.dragged === "time" && this.choose) {
        const mark = this.marks.findLast((one) => time >= one.start && time <= one.end);
        if (mark) this.choose(mark);
      }
    }
    if (!this.dragged) {
      this.canvas.style.cursor = this.edgeAt(x, GRAB) ? "ew-resize" : "pointer";
      return;
    }
    const done = event.type === "pointerup" || event.type === "pointercancel";
    if (this.dragged === "time") this.seek(time);
    else this.edge(this.chosen, this.dragged, time, done);
    if (done) this.dragged = null;
  }

  edgeAt(x, reach) {
    if (!this.chosen || !this.edge) return null;
    const near = ["start", "end"].map((which) => [Math.abs(this.x(this.chosen[which]) - x), which]).sort((one, other) => one[0] - other[0])[0];
    return near[0] <= reach ? near[1] : null;
  }

  wheel(event) {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const length = this.to - this.from, by = ((event.deltaX || event.deltaY) / 500) * length;
      const from = clamp(this.from + by, 0, this.duration - length);
      this.show(from, from + length);
    } else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.time(event.offsetX));
    this.zoomed();
  }

  draw() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const [width, height, scale] = [this.canvas.clientWidth, this.height, devicePixelRatio];
    if (!width || !this.duration) return;
    [this.canvas.width, this.canvas.height] = [width * scale, height * scale];
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    const body = height - 16;
    context.fillStyle = "#101216";
    context.fillRect(0, 0, width, height);
    this.sound(context, width, body);
    for (const mark of this.marks) this.block(context, mark, body);
    this.curve(context, width, body);
    this.ruler(context, width, body, height);
    if (this.chosen) this.handles(context, body);
    if (this.window) {
      context.strokeStyle = "#cfd6e0";
      context.strokeRect(this.x(this.window[0]) + 0.5, 0.5, Math.max(2, this.x(this.window[1]) - this.x(this.window[0])) - 1, body - 1);
    }
    context.fillStyle = "#ffffff";
    context.fillRect(this.x(this.now) - 0.75, 0, 1.5, body);
  }

  block(context, mark, body) {
    const from = this.x(mark.start), width = Math.max(2, this.x(mark.end) - from);
    context.globalAlpha = mark === this.chosen ? 0.42 : 0.26;
    context.fillStyle = COLOURS[mark.kind] ?? COLOURS.plain;
    context.fillRect(from, 0, width, body);
    context.globalAlpha = 1;
    context.fillRect(from, body - 3, width, 3);
  }

  handles(context, body) {
    context.fillStyle = COLOURS[this.chosen.kind] ?? COLOURS.plain;
    for (const which of ["start", "end"]) {
      const x = this.x(this.chosen[which]);
      context.fillRect(x - 1, 0, 2, body);
      context.beginPath();
      context.roundRect(x - 4, body / 2 - 11, 8, 22, 3);
      context.fill();
    }
  }

  sound(context, width, body) {
    if (!this.loudness) return;
    const step = (this.to - this.from) / width;
    context.fillStyle = "#3d4858";
    for (let x = 0; x < width; x++) {
      const peak = this.loudness.peak(this.from + x * step, this.from + (x + 1) * step);
      if (peak) context.fillRect(x, body / 2 - (peak * body) / 2.2, 1, (peak * body) / 1.1);
    }
  }

  curve(context, width, body) {
    const values = this.probabilities;
    if (!values?.length) return;
    const density = values.length / this.duration, step = (this.to - this.from) / width;
    context.beginPath();
    for (let x = 0; x <= width; x++) {
      const first = Math.floor((this.from + x * step) * density), last = Math.max(first + 1, Math.floor((this.from + (x + 1) * step) * density));
      let peak = 0;
      for (let n = Math.max(0, first); n < last && n < values.length; n++) peak = Math.max(peak, values[n]);
      context.lineTo(x, body - 1 - (peak / 255) * (body - 4));
    }
    context.strokeStyle = "#6cb2ff";
    context.lineWidth = 1.5;
    context.stroke();
    if (!this.threshold) return;
    context.setLineDash([4, 4]);
    context.lineWidth = 1;
    context.strokeStyle = "#9aa3af";
    context.beginPath();
    const y = body - 1 - this.threshold * (body - 4);
    context.moveTo(0, y);
    context.lineTo(width, y);
    context.stroke();
    context.setLineDash([]);
  }

  ruler(context, width, body, height) {
    const seconds = (this.to - this.from) / width, step = STEPS.find((each) => each / seconds > 64) ?? 7200;
    context.fillStyle = "#9aa3af";
    context.font = "10.5px system-ui, sans-serif";
    for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
      const x = this.x(time);
      context.fillRect(x, body, 1, 4);
      if (x < width - 30) context.fillText(clock(time, step < 1 ? 1 : 0), x + 3, height - 4);
    }
  }
}
