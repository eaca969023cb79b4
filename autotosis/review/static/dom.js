// Building elements, and writing times.

/** Create an element; properties that begin with "on" are listeners, "data-" and "aria-" ones are attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") {
      if (value !== null && value !== undefined) element.setAttribute(name, value);
    } else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that says which key does the same. */
export function button(text, key, onclick, properties = {}) {
  return el("button", { type: "button", onclick, ...properties }, text, key ? el("kbd", { "aria-hidden": "true" }, key) : null);
}

/** Seconds as 1:02:03.4, with so many decimals. */
export function clock(seconds, decimals = 1) {
  const unit = 10 ** decimals;
  const rounded = Math.floor(Math.max(0, seconds) * unit + 1e-6) / unit;
  const [hours, minutes] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60];
  const rest = (rounded % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Seconds as tables have them: hundredths, and never behind the end of the video. */
export const rounded = (seconds, duration) => clamp(Math.round(seconds * 100) / 100, 0, Math.floor(duration * 100) / 100);

/** Keep the selected row of a list in sight, without moving the page. */
export function reveal(list) {
  const row = list.querySelector('[aria-current="true"]');
  if (!row) return;
  const [above, below] = [row.offsetTop - list.scrollTop, row.offsetTop + row.offsetHeight - list.scrollTop - list.clientHeight];
  list.scrollTop += Math.min(0, above) + Math.max(0, below);
}
