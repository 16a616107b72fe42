"""moto's server, with two of its answers changed to what AWS answers: otherwise a second plan would show changes.

All other differences between moto and AWS stay; the rehearsal plays what is missing, or says that it is.
"""

import json
import sys

from moto.awslambda.models import LambdaFunction
from moto.server import main
from moto.sqs.models import Queue

# moto forgets a function's logging configuration.
lambda_init, lambda_configuration = LambdaFunction.__init__, LambdaFunction.get_configuration


def init_with_logging(self, *arguments, spec, **keywords):
    self.logging = spec.get("LoggingConfig", {})
    lambda_init(self, *arguments, spec=spec, **keywords)


def configuration_with_logging(self, *arguments, **keywords):
    return lambda_configuration(self, *arguments, **keywords) | {"LoggingConfig": self.logging}


LambdaFunction.__init__ = init_with_logging
LambdaFunction.get_configuration = configuration_with_logging

# moto answers a redrive policy with spaces in it; AWS answers what it was given.
queue_attributes = Queue.attributes.fget


def attributes_as_given(self):
    attributes = queue_attributes(self)
    if attributes.get("RedrivePolicy"):
        policy = json.loads(attributes["RedrivePolicy"])
        attributes["RedrivePolicy"] = json.dumps(policy, separators=(",", ":"))
    return attributes


Queue.attributes = property(attributes_as_given)

if __name__ == "__main__":
    main(sys.argv[1:])
