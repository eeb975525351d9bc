"""What has nothing to do with networks: errors, files, containers, signals, child processes."""
