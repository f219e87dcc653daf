"""Whole orders: several building blocks at once, with the project and the tenant they go on, and what is known before.

All of an order is made or nothing, in one transaction, by the use cases that make each part alone: who may do that and what is
wrong is decided there. It has no rows of its own, and writes no events but theirs.
"""
