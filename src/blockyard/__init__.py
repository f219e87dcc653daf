"""Blockyard: a self-hosted control plane for building blocks."""

__version__ = "0.2.0"
