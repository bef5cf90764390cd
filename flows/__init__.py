"""The story in order, as Prefect flows."""
