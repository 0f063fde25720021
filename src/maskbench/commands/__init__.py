"""The commands of ``maskbench``, by stage. Each is a thin wrapper around one step's function."""
