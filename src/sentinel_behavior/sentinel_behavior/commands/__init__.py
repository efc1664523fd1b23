"""What this package offers to the ``sentinel`` command."""
