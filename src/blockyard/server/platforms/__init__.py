"""Platforms, their types and their locations: where tenants can be.

The name of a location and of a platform type is unique among the living ones of the installation and fixed. What the server brings
belongs to the admin workspace, is there for everybody and stays. Nothing of these is deleted while something names it.
"""
