"""The gates: what must hold of the picture arithmetic, measured with engines whose fault is known. No model needed.

`python -m tests.gates` prints the table.
"""
