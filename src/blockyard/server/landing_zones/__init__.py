"""Landing zones: prepared configurations for new tenants of a platform.

A landing zone's name is unique among the living ones of the installation and fixed, so are its workspace and its platform. The owner of
a platform and the workspaces that contribute to it have their own. What is restricted is for its owner and administrators alone.
"""
