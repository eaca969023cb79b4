# make        builds the environment and the demo reel
# make test   builds the environment, checks the style and runs the tests
# make bench  measures how fast it is beside what the machine can do at best, in a quarter of an hour
# make clean  removes the environment and what the pipeline made; clips, labels, figures and DVC's cache stay
# make help   prints this

PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: reel test bench clean help

reel: .venv/ready
	dvc repro
	@ls reels/*/reel.mp4 2>/dev/null | sed 's/^/The reel is at /' | grep . || echo "There is no reel: no moment was worth showing."

test: .venv/ready
	ruff check .
	ruff format --check .
	pytest

bench: .venv/ready
	dvc repro
	python -m benchmarks.limits

.venv/ready: requirements.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

clean:
	rm -rf .venv data/.digests.json data/frames data/excerpts data/dataset/*.* data/timelines/*.csv models/model.safetensors models/.checkpoints
	rm -rf reels/*/ data/sample/clips data/sample/vods

help:
	@sed -n 's/^# //p' Makefile
