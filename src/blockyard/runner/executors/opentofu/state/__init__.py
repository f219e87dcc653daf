"""Where the state of a run is kept, and what is read from it."""
