"""Putting a guest into the program it lives in: where that program keeps its own, what goes there, and out again."""
