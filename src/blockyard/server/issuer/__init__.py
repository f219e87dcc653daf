"""OpenID Connect for command lines: people let a program act for them, as far as they choose, and end that again.

A program gets a code for a person's consent, and for the code tokens of a *client session*. Whatever a token says, each request reads
the session and the person: a program never may more than the person may now, and nothing once either has ended.
"""
