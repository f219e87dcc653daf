"""The rules of building blocks, free of database and HTTP."""
