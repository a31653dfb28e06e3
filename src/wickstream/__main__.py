"""`python -m wickstream`."""

from wickstream.cli import main

if __name__ == "__main__":
    main()
