"""What a run is given: its environment, variables, files and script."""
