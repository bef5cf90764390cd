"""The words of the work: quantities, periods, units, submissions, findings, observations.

Standard library only; every value is frozen; imports nothing of the other rooms.
"""
