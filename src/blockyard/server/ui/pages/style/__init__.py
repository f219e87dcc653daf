"""A page for those who work on pages: every part of the frame, in both themes."""
