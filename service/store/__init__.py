"""Everything that is kept, in Redis. The only package that imports redis; `keys.py` names every key."""
