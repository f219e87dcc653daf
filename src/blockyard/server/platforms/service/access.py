"""The permissions of locations, platform types and platforms. Source: api.md appendix A."""

LIST, SAVE, DELETE = "PLATFORMINSTANCE_LIST", "PLATFORMINSTANCE_SAVE", "PLATFORMINSTANCE_DELETE"
