"""``python -m pipeline.cli``: the command ``leadscore``."""

from pipeline.cli.main import main

if __name__ == "__main__":
    main()
