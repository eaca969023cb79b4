"""Progress of long-running work: a bar in a terminal, and a line now and then in a log or a narrow terminal."""

import os
import sys
import time

from progress.bar import Bar

SECONDS_BETWEEN_LINES = 20
# Of the bar, in characters.
MAX_WIDTH = 32


class ProgressBar:
    """Show on standard error how much of a known amount of work is done.

    Parameters
    ----------
    message : str
        The name of the work.
    total : float
        The amount of work, in `unit`.
    unit : str
        The unit of `total`, such as "clips" or "s of video".
    silent : bool
        Whether to show nothing, because another process shows it.
    """

    def __init__(self, message: str, total: float, unit: str, silent: bool = False):
        self.message, self.total, self.unit = message, total, unit
        self.done = 0.0
        self.last_line = time.monotonic()
        self.bar = None
        self.silent = silent
        if sys.stderr.isatty() and not silent:
            longest = f"{message} || {total:.0f}/{total:.0f} {unit}, 00:00:00 left"
            # A line that fills a terminal would be wrapped, and every update would then begin a new one.
            width = min(MAX_WIDTH, os.get_terminal_size(sys.stderr.fileno()).columns - len(longest) - 1)
            if width > 0:
                suffix = f"%(index)d/%(max)d {unit}, %(eta_td)s left"
                self.bar = Bar(message, max=max(total, 1), width=width, suffix=suffix)

    def __enter__(self) -> "ProgressBar":
        return self

    def advance(self, amount: float = 1) -> None:
        """Count `amount` more units of the work as done."""
        self.done += amount
        if self.bar:
            self.bar.goto(min(self.done, self.total))
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self._line()

    def _line(self) -> None:
        if self.silent:
            return
        print(f"{self.message}: {self.done:.0f}/{self.total:.0f} {self.unit}", file=sys.stderr, flush=True)

    def __exit__(self, error_type: type | None, *_: object) -> None:
        if self.bar:
            self.bar.finish()
        elif error_type is None:
            self._line()
