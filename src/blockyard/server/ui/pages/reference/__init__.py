"""The reference of the API: the OpenAPI document as a page, for people who are signed in or not."""
