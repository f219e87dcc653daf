"""Reads OpenTofu modules: variables, validations, outputs, backend, required versions. Pure."""
