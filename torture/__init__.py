"""Campaigns that look for what no test was written for: `make torture`. The tests run a little of each."""
