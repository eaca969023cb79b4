"""The sample, a pipeline of its own. Ctrl-C and a request to end are one line, from the first import on."""

from autotosis.project import interruption

interruption.install_at_start()
