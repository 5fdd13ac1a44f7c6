"""The use cases of a model: collect examples, train, gate, promote, roll back, backtest, watch. For commands and workers.

Everything that a human said is in `store.examples`; everything that is switched on is in `store.models`.
"""
