"""What a person comes back to: what needs them, what they look for, what they used last or keep at hand.

It asks the use cases of other features in the name of the principal, so nobody finds what they may not see elsewhere.
"""
