"""The sample, a pipeline of its own. Ctrl-C and a request to end are one line, from the first import on."""

from autotosis.project import interruption

if interruption.is_starting():
    interruption.install()
