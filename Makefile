# make          create the environment and build the demo reel, or whatever params.yaml says
# make review   label clips, judge what the model has found and change the cut list, in the browser
# make test     check style, types and imports, and run the tests
# make check    check style, types and imports only
# make format   format the code
# make bench    measure how fast each stage is compared to the hardware's limit (about 18 minutes)
# make torture  break files, kill runs and cut recordings at random, thousands of times (about 30 minutes)
# make clean    remove the environment and what the pipeline made, except reels, metrics and DVC's cache
# make help     print this help

PYTHON ?= python3
# Python compiles what it imports. Compiling everything takes a minute and a half.
INSTALL = .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: reel review test check format bench torture clean help

reel: .venv/ready
	python -m autotosis.project.recovery
	@ls reels/*/reel.mp4 2>/dev/null | sed 's/^/The reel is at /' | grep . || echo "There is no reel: params.yaml names no VOD, or no moment reached the decision threshold."

review: .venv/ready
	python -m autotosis.review

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

torture: .venv/ready
	failed=0; for part in fuzz kills cuts; do python -m torture.$$part || failed=1; done; exit $$failed

.venv/ready: requirements.txt requirements-no-deps.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(INSTALL) -r requirements.txt
	$(INSTALL) --no-deps -r requirements-no-deps.txt
	touch $@

clean:
	rm -rf .venv data/.digests.json data/config data/facecams data/clip_facecams.csv data/frames
	rm -rf data/excerpts data/dataset data/timelines data/cuts data/review
	rm -rf models/model.safetensors models/.checkpoints
	rm -f data/sample/clips/c[0-9][0-9].mp4 data/sample/clips/c[0-9][0-9][0-9].mp4
	rm -f data/sample/vods/demo.mp4 data/sample/vods/evening.mp4

help:
	@sed -n 's/^# make/make/p' Makefile
