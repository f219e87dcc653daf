"""Payment methods: how a workspace pays. Administrators make them; projects of the workspace name them.

A payment method's name is unique among the living ones of the installation and fixed. While a project names one it is not
deleted; the payment methods of a workspace go with it.
"""
