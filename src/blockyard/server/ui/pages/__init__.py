"""The pages, by area. An area imports the frame and services, never another area."""
