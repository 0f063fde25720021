"""Image metrics and set metrics, each with the name of the network that computed it."""
