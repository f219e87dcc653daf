"""The start page, and what leads from every page to any other: the search, and what people keep at hand."""
