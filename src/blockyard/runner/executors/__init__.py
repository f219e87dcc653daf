"""What a runner can execute: one executor per implementation type."""
