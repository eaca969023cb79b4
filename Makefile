# make         builds the environment and the demo reel
# make test    builds the environment, checks style and types, and runs the tests
# make format  puts the code into the project's style
# make bench   measures how fast it is beside what the machine can do at best, in a quarter of an hour
# make clean   removes the environment and what the pipeline made; clips, labels, figures and DVC's cache stay
# make help    prints this

PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: reel test check format bench clean help

reel: .venv/ready
	python -m autotosis.project.recovery
	@ls reels/*/reel.mp4 2>/dev/null | sed 's/^/The reel is at /' | grep . || echo "There is no reel: no moment was worth showing."

test: check
	pytest

check: .venv/ready
	ruff check .
	ruff format --check .
	mypy
	lint-imports

format: .venv/ready
	ruff check --fix .
	ruff format .

bench: .venv/ready
	python -m autotosis.project.recovery
	python -m benchmarks.limits

.venv/ready: requirements.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

clean:
	rm -rf .venv data/.digests.json data/config data/frames data/excerpts data/dataset data/timelines data/cuts
	rm -rf models/model.safetensors models/.checkpoints data/sample/clips data/sample/vods
	find reels -mindepth 1 -maxdepth 1 ! -name metrics -exec rm -rf {} +

help:
	@sed -n 's/^# //p' Makefile
