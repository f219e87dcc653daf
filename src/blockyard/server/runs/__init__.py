"""Runs: the queue, claims and their leases, reports of runners and pipelines, logs, plan artifacts, aborts.

A block has at most one unfinished run. Each time a run is handed to a runner is an attempt with a token and a number of its
own; only the newest attempt changes the run, and the first final status wins.
"""
