"""A whole year of a made-up province, played on a workspace as people would live it, beside an independent count of
what must come of it.

``script`` makes the year from a seed: a list of dated deeds (:mod:`examples.year.deeds`). ``player`` does them on a
workspace, ``oracle`` reckons in dictionaries what must be true, ``comparing`` puts the two side by side.
"""
