"""The steps of a run. Each delegates to a function of one room; Prefect adds retries and artifacts at the edge."""
