"""The simulated world, part by part and as a whole."""
