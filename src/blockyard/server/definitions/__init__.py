"""Building block definitions and their versions: what can be ordered, with which inputs, executed how.

Exactly one version of a definition may be a draft, and it has the highest number; a released version never changes. Secrets
of a version are sealed to the version's runner when they are written, and only their hashes are ever shown.
"""
