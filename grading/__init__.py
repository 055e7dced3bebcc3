"""The teacher's ring: checks of the exercises, and the release of the student's copy."""
