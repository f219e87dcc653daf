"""Runners: who executes runs, with which public key, and when it was last heard of.

A runner's type and restriction never change. Secrets for a runner are sealed to its public key the moment they are written; the
server cannot open them again.
"""
