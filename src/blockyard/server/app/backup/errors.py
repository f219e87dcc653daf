"""What a backup or a restore refuses."""


class BackupError(Exception):
    """The backup or restore cannot be done; the message says why and what to do, and holds no secret."""
