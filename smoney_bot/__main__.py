"""`python -m smoney_bot` is `smoney-bot`."""

from smoney_bot.cli import main

if __name__ == "__main__":
    main()
