"""The engine: which program serves a version, where it and its providers come from, its command lines and its words."""
