"""Building blocks: orders of a definition version in a workspace, their inputs, parents, outputs and life.

What always holds: a block has at most one unfinished run; its inputs are sealed to the runner that will use them and never
stored in clear; parents live in the block's own workspace and are not deleted before it; a run is requested in the
transaction of the change that calls for it, so whoever reads the block next sees PENDING.
"""
