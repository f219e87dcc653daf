"""Tenants: what a project has on one platform, driven by building blocks.

What always holds: a project has at most one tenant that is not deleted on each platform; the id that the platform calls it by
never changes once it is known; a tenant is gone only after all building blocks on it are.
"""
