"""The benchmark: the rungs, other packages and the machine's own limits, timed in turns."""
