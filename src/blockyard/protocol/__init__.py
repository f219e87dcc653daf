"""What server and runner say to each other: Pydantic models and pure functions, no I/O."""
