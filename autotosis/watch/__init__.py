"""Making the reel of each new recording by itself. Ctrl-C ends the program with one line at any time."""

from autotosis.project import interruption

interruption.install_at_start()
