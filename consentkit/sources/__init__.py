"""One module per kind of input: each turns files into rows of the tables."""
