"""Making the reel of each new recording by itself. Ctrl-C ends it with one line at any time."""

from autotosis.project import interruption

if interruption.is_starting():
    interruption.install()
