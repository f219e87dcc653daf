"""Service instances: what a service broker made for a project, as clients of the public API read it.

An administrator, or the integration of a broker with an administrator's key, registers them; nothing is provisioned here. A
project that has one is not deleted.
"""
