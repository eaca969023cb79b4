"""The stages of the pipeline, one script each. Ctrl-C or a kill signal ends a stage with one line, at any time."""

from autotosis.project import interruption

interruption.install_at_start()
