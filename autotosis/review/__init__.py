"""The review page: a server on this machine, and the page that it serves. Ctrl-C ends it with one line at any time."""

from autotosis.project import interruption

if interruption.is_starting():
    interruption.install()
