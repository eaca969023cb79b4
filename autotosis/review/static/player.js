// A video with its controls. What a browser cannot play comes as short proxies, which are put together here.

import { el, button, clock, clamp } from "./dom.js";
import { get, bytes, path, complain } from "./api.js";

const SPEEDS = [0.5, 0.75, 1, 1.5, 2, 3, 4];
// How many proxies are fetched ahead, and how many are kept on either side.
const AHEAD = 2, KEPT = 15;
const PROXY = 'video/mp4; codecs="avc1.42E01F, mp4a.40.2"';

export class Player {
  constructor(listen) {
    this.listen = listen;
    Object.assign(this, { stretch: null, looping: false, wanted: null });
    this.video = el("video", { playsInline: true, preload: "auto", "aria-label": "Video", tabIndex: -1 });
    this.video.addEventListener("click", () => this.toggle());
    this.video.addEventListener("error", () => this.video.getAttribute("src") && complain(new Error(`${this.name}: the browser cannot play it`)));
    for (const event of ["play", "pause", "ratechange", "seeked", "loadedmetadata"]) this.video.addEventListener(event, () => this.refresh());
    // Before the browser knows how long a video is, it cannot go anywhere in it.
    this.video.addEventListener("loadedmetadata", () => this.wanted !== null && this.seek(this.wanted));
    this.playing = button("Play", "Space", () => this.toggle(), { className: "play" });
    this.readout = el("span", { className: "readout" });
    this.speed = el("select", { "aria-label": "Speed", onchange: () => this.setRate(Number(this.speed.value)) }, ...SPEEDS.map((rate) => el("option", { value: rate }, `${rate}×`)));
    this.loopButton = button("Loop", "L", () => this.loop(), { "aria-pressed": "false" });
    const step = (seconds, text, key) => button(text, key, () => this.seek(this.time + seconds));
    this.root = el("div", { className: "player" }, this.video, el("div", { className: "controls" },
      this.playing, step(-1, "−1 s", "←"), step(1, "+1 s", "→"), this.loopButton, this.speed, this.readout));
    this.setRate(Number(sessionStorage.getItem("rate")) || 1);
  }

  /** Show a video; resolves to what it is, as soon as that is known. */
  async load(name) {
    if (this.name === name && this.info) return this.info;
    this.close();
    this.name = name;
    const info = await get(`/info/${path(name)}`);
    if (this.name !== name) return new Promise(() => {});
    // It was asked for twice.
    if (this.info) return this.info;
    this.info = info;
    this.video.style.aspectRatio = info.aspect;
    if (info.type) this.video.src = `/video/${path(name)}`;
    else this.proxies = new Proxies(this.video, name, info);
    this.refresh();
    cancelAnimationFrame(this.next);
    this.tick();
    return info;
  }

  /** Let go of the video; for good if no other one is loaded. */
  close() {
    this.proxies?.close();
    Object.assign(this, { proxies: null, info: null, name: null, stretch: null, wanted: null });
    this.video.removeAttribute("src");
    this.video.load();
  }

  get time() {
    return this.wanted ?? this.video.currentTime;
  }

  get duration() {
    return this.info?.duration ?? 0;
  }

  seek(seconds) {
    const time = clamp(seconds, 0, this.info ? Math.max(0, this.duration - 0.05) : Infinity);
    this.wanted = this.video.readyState ? null : time;
    if (this.wanted !== null) return;
    this.video.currentTime = time;
    this.refresh();
  }

  toggle() {
    if (!this.video.paused) return this.video.pause();
    const [start, end] = this.stretch ?? [0, this.duration];
    if (this.time >= end - 0.06 || this.video.ended) this.seek(start);
    return this.play();
  }

  /** Play, which browsers refuse until the page was clicked or a key was pressed. */
  play() {
    return this.video.play().catch(() => {});
  }

  /** Play a stretch, and then stop there or begin again. */
  playStretch(start, end) {
    this.stretch = [Math.max(0, start), Math.min(end, this.duration)];
    this.seek(this.stretch[0]);
    return this.play();
  }

  loop(on = !this.looping) {
    this.looping = on;
    this.loopButton.setAttribute("aria-pressed", on);
  }

  setRate(rate) {
    this.video.defaultPlaybackRate = this.video.playbackRate = rate;
    this.speed.value = rate;
    sessionStorage.setItem("rate", rate);
  }

  faster(steps) {
    const place = SPEEDS.indexOf(this.video.defaultPlaybackRate);
    this.setRate(SPEEDS[clamp(place + steps, 0, SPEEDS.length - 1)]);
  }

  tick() {
    // Its view is closed, perhaps before it was ever shown.
    if (!this.root.isConnected) return;
    const { paused, ended } = this.video;
    if (this.stretch && (ended || (!paused && this.time >= this.stretch[1])) && !this.passed?.()) {
      if (this.looping) this.playStretch(...this.stretch);
      else this.video.pause();
    }
    if (!this.video.paused) this.refresh();
    this.next = requestAnimationFrame(() => this.tick());
  }

  refresh() {
    this.readout.textContent = `${clock(this.time)} / ${clock(this.duration)}`;
    this.playing.firstChild.textContent = this.video.paused ? "Play" : "Pause";
    this.listen(this.time);
  }

  keys() {
    const by = (seconds) => () => this.seek(this.time + seconds);
    const still = (seconds) => () => (this.video.pause(), this.seek(this.time + seconds));
    return [
      [" ", "play or pause", () => this.toggle()], ["l", "loop on or off", () => this.loop()],
      ["ArrowLeft", "back 1 s", by(-1)], ["ArrowRight", "forward 1 s", by(1)],
      ["Shift+ArrowLeft", "back 10 s", by(-10)], ["Shift+ArrowRight", "forward 10 s", by(10)],
      [",", "pause, back 0.1 s", still(-0.1)], [".", "pause, forward 0.1 s", still(0.1)],
      ["-", "slower", () => this.faster(-1)], ["+", "faster (also =)", () => this.faster(1)], ["=", null, () => this.faster(1)],
    ];
  }
}

/** Proxies of a few seconds each, fetched around the time that is shown. */
class Proxies {
  constructor(video, name, info) {
    Object.assign(this, { video, name, info, have: new Set(), source: new MediaSource(), pumping: false });
    this.last = Math.ceil(info.duration / info.proxy) - 1;
    this.pump = this.pump.bind(this);
    this.source.addEventListener("sourceopen", () => {
      if (this.buffer) return;
      this.source.duration = info.duration;
      this.buffer = this.source.addSourceBuffer(PROXY);
      this.pump();
    });
    for (const event of ["seeking", "timeupdate"]) video.addEventListener(event, this.pump);
    video.src = this.url = URL.createObjectURL(this.source);
  }

  close() {
    this.closed = true;
    for (const event of ["seeking", "timeupdate"]) this.video.removeEventListener(event, this.pump);
    URL.revokeObjectURL(this.url);
  }

  get number() {
    return clamp(Math.floor(this.video.currentTime / this.info.proxy), 0, this.last);
  }

  async pump() {
    if (this.pumping || !this.buffer) return;
    this.pumping = true;
    try {
      for (let next; (next = this.missing()) !== undefined && !this.closed;) await this.append(next);
    } catch (error) {
      if (!this.closed) complain(error);
    }
    this.pumping = false;
  }

  missing() {
    for (let number = this.number; number <= Math.min(this.number + AHEAD, this.last); number++) {
      if (!this.have.has(number)) return number;
    }
  }

  async append(number) {
    const content = await bytes(`/proxy/${number}/${path(this.name)}`);
    this.closed ||= this.source.readyState === "closed";
    if (this.closed) return;
    const start = number * this.info.proxy;
    const end = Math.min(start + this.info.proxy, this.info.duration) + 0.001;
    // The window must not be empty in between.
    Object.assign(this.buffer, { timestampOffset: start, appendWindowStart: 0 });
    Object.assign(this.buffer, { appendWindowEnd: end, appendWindowStart: start });
    await this.done(() => this.buffer.appendBuffer(content));
    this.have.add(number);
    for (const other of this.have) {
      if (Math.abs(other - this.number) <= KEPT) continue;
      this.have.delete(other);
      await this.done(() => this.buffer.remove(other * this.info.proxy, (other + 1) * this.info.proxy));
    }
    if (number === this.last && this.source.readyState === "open") this.source.endOfStream();
  }

  done(begin) {
    return new Promise((resolve, reject) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
      this.buffer.addEventListener("error", () => reject(new Error(`${this.name}: a proxy of it cannot be played`)), { once: true });
      begin();
    });
  }
}
