"""History: the quick way against the plain one, storms and maxima against brute force, truth, formats."""
