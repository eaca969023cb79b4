// Running the pipeline again: only what changed runs; the new figures beside the old ones.

import { el, button } from "./dom.js";
import { get, send, complain } from "./api.js";

const NAMES = { ap: "average precision", auc: "ROC-AUC", f1: "F1 of the events", fa_h: "false alarms per hour", shown: "highlight time shown", good: "reel that is highlight" };
const INTERVAL = 1000;

export async function open(root, { say }) {
  const start = button("Rebuild", "B", run, { className: "yes" }), stop = button("Stop", "", () => send("DELETE", "/api/rebuild").then(show, complain));
  const bar = el("progress", { max: 1, "aria-label": "Progress of the build" }), state = el("p", { role: "status" });
  const log = el("pre", { role: "log", tabIndex: 0, "aria-label": "What it prints" }), table = el("div", { className: "figures" });
  root.append(el("section", { className: "build", "aria-label": "Build" }, el("h2", {}, "Build what has changed"),
    el("p", { className: "hint" }, "Learns from your labels, scans and cuts the VODs, and renders the reels: dvc repro, which runs only what depends on a change."),
    el("div", { className: "actions" }, start, stop), state, bar, log), el("section", { className: "build", "aria-label": "Figures" }, el("h2", {}, "Figures"), table));
  let timer = null, running = false;
  show(await get("/api/rebuild"));

  async function run() {
    if (!running) show(await send("POST", "/api/rebuild"));
  }

  async function poll() {
    const now = await get("/api/rebuild").catch(complain);
    if (now) show(now);
    else timer = setTimeout(poll, 5 * INTERVAL);
  }

  function show(now) {
    if (running && !now.running) say(now.code ? "The build stopped; the last lines say why. What it had finished is kept." : "The build is done. The page shows the new cut.", now.code ? "error" : "note");
    running = now.running;
    start.disabled = running;
    stop.disabled = !running;
    bar.hidden = log.hidden = now.code === null && !running;
    bar.value = now.share;
    state.textContent = running ? `${now.stage ?? "starting"} · ${now.seconds} s` : now.code === null ? "Nothing has been built yet in this session." :
      `${now.code ? "Stopped" : "Done"} after ${now.seconds} s; stages that ran: ${now.ran.join(", ") || (now.restored.length ? "none, all results were known from earlier runs" : "none, nothing had changed")}`;
    log.textContent = now.lines.join("\n");
    table.replaceChildren(figures(now.before, now.after, now.code !== null && !running));
    clearTimeout(timer);
    if (running) timer = setTimeout(poll, INTERVAL);
  }

  function figures(before, after, done) {
    const several = Object.keys(after).length > 3;
    const rows = Object.entries(after).filter(([of]) => several || of !== "all").flatMap(([of, values]) => Object.entries(values).filter(([key, value]) => key in NAMES && typeof value === "number").map(([key, value]) => {
      const old = before[of]?.[key];
      return el("tr", {}, el("td", {}, of === "all" ? "all VODs" : of), el("td", {}, NAMES[key]), el("td", {}, old === undefined ? "" : old.toFixed(3)),
        el("td", { className: done && old !== undefined && old !== value ? "changed" : "" }, value.toFixed(3)));
    }));
    if (!rows.length) return el("p", { className: "hint" }, "There are none yet.");
    return el("table", {}, el("thead", {}, el("tr", {}, ...["of", "figure", "before", "now"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows));
  }

  return { close: () => clearTimeout(timer), keys: () => [["b", "build what has changed", run]] };
}
