"""Output folders and reports: the only place that runs external tools."""
