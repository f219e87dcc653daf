"""SCIM 2.0: a directory provisions people and groups. Source: RFC 7643, RFC 7644."""

from blockyard.server.identity.api.scim.routes import scim_routes

__all__ = ["scim_routes"]
