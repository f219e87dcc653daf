"""Pages of the installation, for administrators."""
