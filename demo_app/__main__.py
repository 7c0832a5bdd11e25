"""python -m demo_app space OWNER/NAME"""

import sys

from demo_app.space import main

if __name__ == "__main__":
    sys.exit(main())
