"""Orders: the form that a definition makes, and drafts of it."""
