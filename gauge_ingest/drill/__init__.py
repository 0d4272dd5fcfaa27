"""Drills: marked rain through the very code of the service, in processes and a folder of their own, to real people."""
