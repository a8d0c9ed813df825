"""How the sample checkpoint is made and judged: filters, pictures, shapes, and two trainings. See `train_sample.py`."""
