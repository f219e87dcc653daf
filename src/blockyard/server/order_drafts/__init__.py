"""Drafts of orders: what a person has entered in the form of a definition and not ordered yet.

A draft belongs to who began it, is known to nobody else, and holds fields as they were typed, valid or not. Secrets and files are
never kept, only that they were entered. Drafts write no events: nothing comes of them but an order, which writes its own.
"""
