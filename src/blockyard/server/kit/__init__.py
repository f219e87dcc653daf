"""Shared technical parts without product words: clock, ids, errors, database, HTTP, paging, loops."""
