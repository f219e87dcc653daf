"""The composition root: settings, wiring, seeds, migrations, and the commands that start a server."""
