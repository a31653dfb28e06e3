"""R1: the whole stack while its processes are killed at random, and seven judges at the end."""
