"""Tags of people and groups, and how workspaces, projects and project roles are related to who is bound to them.

Only administrators set them. Who is bound where is told by the bindings, before a binding is made and after it is gone.
"""
