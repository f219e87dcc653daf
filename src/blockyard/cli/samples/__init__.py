"""The sample definitions of `blockyard demo`: a module directory and what the import shall make of it."""
