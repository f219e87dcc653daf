"""Web pages, rendered by the server. They call the same use cases as the API and can do nothing that it cannot."""
