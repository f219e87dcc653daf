"""Graphs of blocks: their shapes, the module of all their blocks, and what must hold of them whatever was killed."""
