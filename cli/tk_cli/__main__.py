"""Let ``python -m tk_cli`` do what ``tk`` does."""

import sys

from tk_cli.main import main

sys.exit(main())
