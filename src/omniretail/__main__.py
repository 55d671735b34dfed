"""`python -m omniretail` is the command line; it lives in `omniretail.cli`."""

from omniretail.cli import main

main()
