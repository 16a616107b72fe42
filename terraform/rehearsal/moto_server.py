"""moto's server with the rules of AWS that aws_rules adds to it."""

import sys

import aws_rules  # noqa: F401  (changes moto by being imported)
import doctor_rules  # noqa: F401
from moto.server import main

if __name__ == "__main__":
    main(sys.argv[1:])
