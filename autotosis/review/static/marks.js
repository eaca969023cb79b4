// The rows of labels.csv or holdout.csv, by video.

import { get, send, EditableTable } from "./api.js";

/** labels.csv or holdout.csv: the marks of each video, [start, end, label]; start and end are null for those of the video. */
export class Marks extends EditableTable {
  constructor(table, changed) {
    super({
      read: () => get(`/api/${table}`),
      write: (change, version) => send("PUT", `/api/${table}`, { version, ...change }),
      apply: (state, { video, marks }) => (state.marks[video] = marks),
      changed,
    });
  }

  of(video) {
    return this.state?.marks[video] ?? [];
  }

  set(video, marks) {
    return this.put({ video, marks: marks.toSorted((one, other) => one[0] - other[0]) }, { video, marks: this.of(video) });
  }
}

// What is left of a mark beside another one is not worth a row (seconds).
const SHORTEST = 0.3;

/** The marks of a video of this duration (seconds) without `replaced`, cut where the new one is, and the new one, if any. */
export function withMark(marks, mark, replaced, duration) {
  const others = marks.filter((one) => one !== replaced);
  if (!mark) return others;
  const rest = others.flatMap(([start, end, label]) => {
    // A row about all of the video was written before anybody marked a part of it.
    if (start === null && end === null) return [];
    if ((end ?? duration) <= mark[0] || (start ?? 0) >= mark[1]) return [[start, end, label]];
    return [[start, mark[0], label], [mark[1], end, label]].filter(([from, to]) => (to ?? duration) - (from ?? 0) >= SHORTEST);
  });
  return [...rest, mark];
}
