"""Measures what must be cheap (docs/benchmarks.md): `make bench`. Not a test: nothing here asserts a duration."""
