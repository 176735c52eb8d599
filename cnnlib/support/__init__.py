"""What the rest stands on: data files, whole files, progress bars, the environment."""
