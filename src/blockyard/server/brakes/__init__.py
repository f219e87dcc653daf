"""Brakes: what keeps runs from changing anything for a while, said by somebody, for a reason.

A hold is on one building block; a stop and a freeze are on a definition, a workspace, a platform or everything, a freeze in the windows of
a calendar. No run that applies or destroys is claimed against one; dry runs go on, and so does what a runner has already. A brake never
loses a run: what waits for it is claimed in its order once it is lifted, or has ended by itself.
"""
