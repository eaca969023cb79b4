// Building elements and lists, and writing times.

/** Create an element. Names of properties with a hyphen, and `role` and `for`, are attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/-|^role$|^for$/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that says which key does the same. */
export function button(text, key, onclick, properties = {}) {
  return el("button", { type: "button", onclick, ...properties }, text, key ? el("kbd", { "aria-hidden": "true" }, key) : null);
}

const ticked = (row) => row.querySelector(":checked") !== null;

/**
 * Fill a list with rows to choose from: `cells(item)` is what is in the button of a row, `before(item, number)` beside it.
 * A row that is as before stays, with its handlers, which must look up what has its number by then.
 */
export function fill(list, items, chosen, pick, cells, before = () => []) {
  const controls = () => [...list.querySelectorAll("button, input")];
  const focused = controls().indexOf(document.activeElement);
  items.forEach((item, number) => {
    const row = el("li", { "aria-current": String(number === chosen) }, ...before(item, number), el("button", { type: "button", onclick: () => pick(number) }, ...cells(item)));
    const old = list.children[number];
    // A click on a row, or a key, may have begun and not ended: it is lost if the row is replaced meanwhile.
    // `isEqualNode` does not compare what is ticked.
    if (old?.isEqualNode(row) && ticked(old) === ticked(row)) return;
    if (old) old.replaceWith(row);
    else list.append(row);
  });
  while (list.children.length > items.length) list.lastElementChild.remove();
  controls()[focused]?.focus({ preventScroll: true });
  const row = list.children[chosen];
  if (!row) return;
  // Scroll the list only, not the page.
  list.scrollTop = Math.min(list.scrollTop, row.offsetTop);
  list.scrollTop = Math.max(list.scrollTop, row.offsetTop + row.offsetHeight - list.clientHeight);
}

export const cell = (className, text) => el("span", { className }, text);
export const percent = (share) => cell("score", typeof share === "number" ? `${Math.round(100 * share)} %` : "");

/** Seconds as 1:02:03.4, with so many decimals. */
export function clock(seconds, decimals = 1) {
  const unit = 10 ** decimals, shown = Math.floor(Math.max(0, seconds) * unit + 1e-6) / unit;
  const [hours, minutes] = [Math.floor(shown / 3600), Math.floor(shown / 60) % 60];
  const rest = (shown % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The place of the first item after `chosen` that fits, going round; undefined if none does. */
export const nextOf = (items, chosen, fits) => items.map((_, n) => (chosen + 1 + n) % items.length).find((n) => fits(items[n]));

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Seconds as tables have them: hundredths, never past the end of the video. */
export const rounded = (seconds, duration) => clamp(Math.round(seconds * 100) / 100, 0, Math.floor(duration * 100) / 100);
