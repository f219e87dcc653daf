"""What stands around the identity of a version's runs: inputs that bring it to a module, and what clouds are told to trust.

Pure: everything follows from a version, the identity its runner declares, and names that only its author knows.
"""

from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model.trust.clouds import Known, Way, clouds_of_platforms
from blockyard.server.definitions.model.trust.generated import Generated, generate
from blockyard.server.definitions.model.trust.policies import MAX_CREDENTIALS, TrustPolicy, policies

__all__ = [
    "MAX_CREDENTIALS",
    "Cloud",
    "Generated",
    "Known",
    "TrustPolicy",
    "Way",
    "clouds_of_platforms",
    "generate",
    "policies",
]
