"""A blog's history in other systems' formats, read as streams. For `service.bringing` and `service.commands` only.

`formats.py` lists the formats and recognises them; each reader yields what it found, one record at a time, and keeps no
more of a file in memory than that. Nothing here writes, and nothing here trusts what it reads.
"""
