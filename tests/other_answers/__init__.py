"""Right answers that differ from the solutions: the judges must take them as well."""
