"""What measures the perception: subcommands of ``./sentinel bench``."""
