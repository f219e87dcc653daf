"""Tags: which values things may have by which key, and which values of related things fit together.

A tag is accepted only if a tag definition of its kind has its key, and its values fit the definition. What a thing had before may
always be sent back. Every kind with tags asks `TagService.check`, the one place of these rules.
"""
