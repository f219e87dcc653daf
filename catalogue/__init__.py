"""Runs a public catalogue of building blocks against a server: every root applies, plans empty and is destroyed; every module is imported.

The catalogue, a server of this checkout and a mirror of real providers are brought together on this machine. What stands for clouds
that are not here is said in each row of the table.
"""
