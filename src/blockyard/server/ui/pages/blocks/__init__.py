"""The list of building blocks, the page of one, and the form of its inputs."""
