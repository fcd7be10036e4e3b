"""`python -m nbgrader_sealed`: the command `nbgrader-sealed`."""

import sys

from nbgrader_sealed.batch.command import main

if __name__ == "__main__":
    sys.exit(main())
