"""What can be ordered: a catalogue, and a page about each definition."""
