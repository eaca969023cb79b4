// The frame of the page: which view is open, what the keys do, and what was saved.

import { el, button } from "./dom.js";
import { get, listen, complain } from "./api.js";
import * as segments from "./segments.js";
import * as clips from "./clips.js";
import * as cuts from "./cuts.js";
import * as facecams from "./facecams.js";
import * as holdout from "./holdout.js";
import * as rebuild from "./rebuild.js";

const VIEWS = [
  ["segments", "Segments", segments], ["clips", "Clips", clips], ["cuts", "Cut list", cuts],
  ["facecams", "Face cameras", facecams], ["holdout", "Holdout", holdout], ["rebuild", "Rebuild", rebuild],
];
const [root, message, saved, help] = ["view", "message", "saved", "keys"].map((id) => document.getElementById(id));
let current = null, opening = 0, early = [];

async function open(name) {
  const [, title, view] = VIEWS.find(([id]) => id === name) ?? VIEWS[0];
  const number = ++opening;
  current?.close?.();
  current = null;
  early = [];
  // An error may be about something else than the view that is left.
  if (message.className === "note") message.hidden = true;
  sessionStorage.setItem("view", name);
  for (const tab of document.querySelectorAll("#views button")) tab.setAttribute("aria-current", tab.dataset.view === name ? "page" : "false");
  // A view that is still being opened goes on in a place that is not shown any more.
  const place = el("div", { className: `view view-${name}` });
  root.replaceChildren(place);
  document.title = `${title} – autotosis review`;
  try {
    const project = await get("/api/project");
    if (number !== opening) return;
    const opened = await view.open(place, { project, say, go: open });
    if (number !== opening) return void opened?.close?.();
    current = opened;
    early.splice(0).forEach(press);
  } catch (error) {
    if (number === opening) place.replaceChildren(el("div", { className: "empty" }, el("p", { role: "alert" }, error.message), place.querySelector("[aria-label=VOD]")));
  }
}

/** Show a sentence for a while. */
function say(text, kind = "note") {
  message.className = kind;
  message.replaceChildren(el("p", {}, text), button("Close", "Esc", () => (message.hidden = true)));
  message.hidden = false;
  clearTimeout(say.timer);
  if (kind === "note") say.timer = setTimeout(() => (message.hidden = true), 6000);
}

listen(
  () => (saved.textContent = `Saved at ${new Date().toLocaleTimeString([], { hour12: false })}`),
  (text) => say(text),
  (text) => say(text, "error"),
);

const COMMON = [
  ...VIEWS.map(([id, title], number) => [`${number + 1}`, title, () => open(id)]),
  ["?", "these keys", () => showKeys()],
  ["Escape", "close a message", () => (message.hidden = true)],
];
const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
const named = (key) => key.split(/\+(?=.)/).map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" + ");

function showKeys() {
  const table = (title, keys) => [el("h3", {}, title), el("dl", {}, ...keys.filter(([, text]) => text).map(([key, text]) =>
    el("div", {}, el("dt", {}, el("kbd", {}, named(key))), el("dd", {}, text))))];
  help.replaceChildren(el("h2", { id: "keys-title" }, "Keys"), ...table("In this view", current?.keys?.() ?? []), ...table("Everywhere", COMMON),
    button("Close", "Esc", () => help.close()));
  help.showModal();
}

// What a click began has failed.
addEventListener("unhandledrejection", (event) => {
  // Faults of the page itself, such as a TypeError, are for the console as well.
  if (event.reason.name === "Error") event.preventDefault();
  complain(event.reason);
});

// The keys that focused controls understand themselves; in a list, any character chooses the entry that begins with it.
const OWN = {
  button: [" ", "Enter"], "input[type=checkbox]": [" "], select: [" ", "Enter", "ArrowUp", "ArrowDown"],
  "input[type=range]": ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"],
};

function keeps(target, key) {
  const control = Object.keys(OWN).find((each) => target.matches(each));
  return OWN[control]?.includes(key) || (control === "select" && key.length === 1);
}

// After a click, keys are those of the view again.
document.addEventListener("click", (event) => event.detail && event.target.closest("button, input[type=checkbox], input[type=range]")?.blur());
document.addEventListener("change", (event) => event.target.matches("select") && event.target.blur());
document.addEventListener("keydown", (event) => {
  if (help.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target, typing = target.matches("input:not([type=checkbox]):not([type=range]), textarea");
  if (typing || keeps(target, event.key) || event.defaultPrevented) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const wanted = event.shiftKey && event.key.length > 1 ? `Shift+${key}` : key;
  if (press(wanted)) event.preventDefault();
});

/** Do what a key is for, if it is for anything; keys of a view that is still being opened wait for it. */
function press(wanted) {
  const found = [...(current?.keys?.() ?? []), ...COMMON].find(([each]) => each === wanted);
  if (found) Promise.resolve(found[2]()).catch(complain);
  else if (!current) early.push(wanted);
  return Boolean(found);
}

document.getElementById("views").append(...VIEWS.map(([id, title], number) =>
  button(title, `${number + 1}`, () => open(id), { "data-view": id })));
document.getElementById("help").onclick = showKeys;
open(sessionStorage.getItem("view") ?? "segments");
