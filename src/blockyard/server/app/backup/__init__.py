"""Backups: one portable archive with everything an installation needs to live again, taken while it works.

`archive` is the file, `encryption` its protection by a passphrase, `rows` the tables, `key_files` the keys beside the
database, `take` and `restore` the two commands. Rows are read in one transaction (repeatable read on PostgreSQL, one read
transaction of the write-ahead log on SQLite), so the archive is one moment of the database and no order waits for it. They
are written by kind of value, not by database: an archive of either database fills either, and no client program has to be
as new as the server. The archive fills tables of its own revision; then the migrations run.
"""
