"""The public names of other packages, with this one behind them."""
