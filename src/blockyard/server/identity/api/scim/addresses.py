"""Where SCIM is."""

BASE = "/api/blockyard/scim/v2"
