"""Networks that several parts of the package use: the architectures and their loading."""
