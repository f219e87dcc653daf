"""The area of a workspace: what it has, who is in it, and what may be done with it."""
