"""Identity providers that people sign in with (OpenID Connect): which there are, who is who there, which groups they bring.

A person is known by provider and subject, never by a name that somebody else could get. What a provider says about groups counts for
the groups that its rules name, and only where it says anything.
"""
