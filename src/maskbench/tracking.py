"""MLflow runs: a parent per workflow, a child per step (interface; see docs)."""
