"""Integrations: how a workspace's pipelines on GitHub, GitLab and Azure DevOps are reached, and who people are in Entra ID.

Owner and type never change. The secret is sealed to the integration's runner the moment it is written; that runner executes the
runs of every version that uses the integration. An identity provider has no runner: the server keeps its secret encrypted. What a
version uses cannot be deleted.
"""
