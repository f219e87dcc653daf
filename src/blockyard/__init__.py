"""Blockyard: a self-hosted control plane for building blocks."""

__version__ = "0.1.0"
