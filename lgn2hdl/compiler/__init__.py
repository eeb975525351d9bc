"""From a network to a scheduled design: the steps, and the flow that takes them in order."""
