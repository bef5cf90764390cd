"""Catalogue rules → Great Expectations suites → findings.

The only room that knows Great Expectations and pandas; both are imported when the first batch is checked, never when
a module of intake or verdicts is.
"""
