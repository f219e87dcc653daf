"""Integrations: how a workspace's pipelines on GitHub, GitLab and Azure DevOps are reached.

Owner and type never change. The secret is sealed to the integration's runner the moment it is written; that runner executes the
runs of every version that uses the integration. What a version uses cannot be deleted.
"""
