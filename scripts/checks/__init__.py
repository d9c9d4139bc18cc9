"""The checks of `scripts/lint`, one idea each."""
