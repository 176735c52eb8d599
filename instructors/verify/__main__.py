"""``python -m cnnlib verify``: wrong usage is reported before any data is fetched."""

import sys

from cnnlib.support.sources import fetch

from .command import main, parsed

if __name__ == "__main__":
    options = parsed(sys.argv[1:])
    print(f"Data: checked, in {fetch()}", flush=True)
    sys.exit(main(options))
