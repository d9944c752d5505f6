"""Random networks for check.py.

LAYERS in table.py is what a network is made of: a new layer is a row. LOSSES and METRICS in outputs.py and OPTIMIZERS and
SCHEDULES in optimizers.py are what it is compiled with. coverage.py counts what was drawn and names what never is.
"""
