"""The review page: a server on this machine, and the page. Ctrl-C ends the program with one line at any time."""

from autotosis.project import interruption

interruption.install_at_start()
