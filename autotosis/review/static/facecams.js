// Where the face camera is: a box over a frame of each video, and over frames spread over it.

import { el, button, clock, clamp } from "./dom.js";
import { get, send, path, complain, EditableTable } from "./api.js";

const SPREAD = 8, STEP = 0.005, SMALLEST = 0.02;
const SIDES = ["x0", "y0", "x1", "y1"];
const CORNERS = { nw: [0, 1], ne: [2, 1], sw: [0, 3], se: [2, 3] };

export async function open(root, { project }) {
  const videos = [...project.vods.map(({ video }) => video), ...project.clips];
  if (!videos.length) return void root.append(el("p", { className: "empty" }, "There are no videos yet."));
  const facecams = new EditableTable({
    read: () => get("/api/facecams"),
    write: (change, version) => send("PUT", "/api/facecams", { version, ...change }),
    apply: (state, { pattern, box: sides }) => {
      state.rows[pattern] = sides;
      state.boxes[video] = sides ?? state.boxes[video];
    },
    changed: refresh,
  });
  let video = videos[0], info = null, box = null, dragged = null;
  const select = el("select", { "aria-label": "Video", onchange: () => show(select.value) }, ...videos.map((name) => el("option", { value: name }, name)));
  const scope = el("select");
  const image = el("img", { alt: "A frame of the video", draggable: false });
  const handles = Object.keys(CORNERS).map((corner) => el("span", { className: `handle ${corner}`, "data-corner": corner }));
  const frame = el("div", { className: "box", tabIndex: 0, role: "group", "aria-label": "Face camera; ← → I K move it, Shift and arrows resize it" }, ...handles);
  const picture = el("div", { className: "picture" }, image, frame), strip = el("div", { className: "frames" });
  const slider = el("input", { type: "range", min: 0, step: 0.1, "aria-label": "Time", onchange: () => look(Number(slider.value)) });
  const readout = el("p", { className: "progress", role: "status" });
  const desk = el("section", { className: "desk", "aria-label": "Frame" }, picture, slider, strip);
  root.append(desk, el("section", { className: "side", "aria-label": "Face camera" },
    el("div", { className: "bar" }, el("h2", {}, "Where is the face camera?")), el("label", {}, "Video ", select), el("label", {}, "Save it for ", scope),
    el("div", { className: "actions" }, button("Previous video", "↑", () => step(-1)), button("Next video", "↓", () => step(1)), button("Whole picture", "W", () => move([0, 0, 1, 1])), button("Undo", "Z", facecams.undo)),
    readout, el("p", { className: "hint" }, "Drag the box or its corners onto the camera's edges. It is saved when you let go. The small pictures show whether it is right in every scene, as cameras move.")));
  for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) picture.addEventListener(type, drag);
  const source = (time, width) => `/frame/${path(video)}?time=${time.toFixed(1)}&width=${width}`;
  await facecams.load();
  await show(video);

  async function show(name) {
    video = select.value = name;
    info = null;
    const answer = await get(`/info/${path(name)}`).catch(complain);
    // Meanwhile, another video may have been chosen.
    if (video !== name) return;
    info = answer;
    desk.style.visibility = readout.style.visibility = info ? "" : "hidden";
    if (!info) return;
    const folder = name.split("/")[0];
    scope.replaceChildren(...[[name, `this video only`], [`${folder}/*`, `all of ${folder}/`], ["*", "all videos"]].map(([value, text]) => el("option", { value }, text)));
    picture.style.aspectRatio = info.aspect;
    picture.style.setProperty("--aspect", info.aspect);
    slider.max = info.duration;
    strip.replaceChildren(...Array.from({ length: SPREAD }, (_, number) => {
      const time = ((number + 0.5) * info.duration) / SPREAD;
      return el("button", { type: "button", "aria-label": `Frame at ${clock(time)}`, onclick: () => look(time) },
        el("img", { src: source(time, 240), alt: "", loading: "lazy" }), el("span", { className: "outline" }), el("span", { className: "at" }, clock(time, 0)));
    }));
    refresh();
    look(info.duration / 2);
  }

  function look(time) {
    slider.value = time;
    image.src = source(time, 960);
    place();
  }

  function refresh() {
    if (!info) return;
    box = [...(facecams.state.boxes[video] ?? [0, 0, 1, 1])];
    place();
  }

  function place() {
    for (const each of [frame, ...strip.querySelectorAll(".outline")]) {
      Object.assign(each.style, { left: `${100 * box[0]}%`, top: `${100 * box[1]}%`, width: `${100 * (box[2] - box[0])}%`, height: `${100 * (box[3] - box[1])}%` });
    }
    readout.textContent = `${clock(Number(slider.value))} · ${SIDES.map((side, n) => `${side} ${box[n].toFixed(3)}`).join("  ")}`;
  }

  function drag(event) {
    const { width, height, left, top } = picture.getBoundingClientRect();
    const at = [(event.clientX - left) / width, (event.clientY - top) / height];
    if (event.type === "pointerdown") {
      picture.setPointerCapture(event.pointerId);
      dragged = { at, box: [...box], corner: event.target.dataset.corner, inside: event.target === frame };
      if (!dragged.corner && !dragged.inside) dragged = { at, box: [...at, ...at], corner: "se" };
      return event.preventDefault();
    }
    if (!dragged) return;
    const by = [at[0] - dragged.at[0], at[1] - dragged.at[1]];
    if (dragged.corner) {
      box = [...dragged.box];
      CORNERS[dragged.corner].forEach((side, n) => (box[side] = clamp(box[side] + by[n], 0, 1)));
      box = [Math.min(box[0], box[2]), Math.min(box[1], box[3]), Math.max(box[0], box[2]), Math.max(box[1], box[3])];
    } else box = moved(dragged.box, by);
    place();
    if (event.type === "pointermove") return;
    const changed = String(box) !== String(dragged.box);
    dragged = null;
    if (!changed || box[2] - box[0] < SMALLEST || box[3] - box[1] < SMALLEST) return refresh();
    move(box);
  }

  function moved(from, [x, y]) {
    const [dx, dy] = [clamp(x, -from[0], 1 - from[2]), clamp(y, -from[1], 1 - from[3])];
    return [from[0] + dx, from[1] + dy, from[2] + dx, from[3] + dy];
  }

  function move(to) {
    if (!info) return;
    const change = { pattern: scope.value, box: to.map((side) => Math.round(side * 10000) / 10000) };
    return facecams.put(change, { ...change, box: facecams.state.rows[scope.value] ?? null });
  }

  const step = (by) => show(videos[(videos.indexOf(video) + by + videos.length) % videos.length]);
  const size = (dx, dy) => move([box[0], box[1], clamp(box[2] + dx, box[0] + SMALLEST, 1), clamp(box[3] + dy, box[1] + SMALLEST, 1)]);
  return {
    keys: () => [
      ["ArrowLeft", "box to the left", () => move(moved(box, [-STEP, 0]))], ["ArrowRight", "to the right", () => move(moved(box, [STEP, 0]))],
      ["i", "up", () => move(moved(box, [0, -STEP]))], ["k", "down", () => move(moved(box, [0, STEP]))],
      ["Shift+ArrowLeft", "narrower", () => size(-STEP, 0)], ["Shift+ArrowRight", "wider", () => size(STEP, 0)],
      ["Shift+ArrowUp", "shorter", () => size(0, -STEP)], ["Shift+ArrowDown", "taller", () => size(0, STEP)],
      ["ArrowDown", "next video", () => step(1)], ["ArrowUp", "previous video", () => step(-1)],
      ["w", "the whole picture", () => move([0, 0, 1, 1])], ["z", "undo", facecams.undo],
    ],
  };
}
