"""Drift: whether what building blocks have made is still as their definitions and inputs say, looked at on schedule.

A check is a dry run. What it would change is drift, but for what the rules of the definition ignore. Nothing is repaired by itself
unless the schedule of the definition says so; then exactly the plan of the check is applied.
"""
