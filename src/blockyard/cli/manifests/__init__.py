"""Objects as YAML files in a folder, such as a git repository: read, compared with the server, applied, written.

Files name objects by their names, not by ids, and hold no secret, only where it is: so the same files fit several
installations. What is compared is the form of files: the server's objects are brought into it. Nothing is kept between two
calls: what is to be done follows from files and server.
"""
