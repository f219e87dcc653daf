"""What people read in place of a key that has no display name."""

import re

_NAMES = (
    *("ACL", "AMI", "API", "ARN", "ASN", "AWS", "CA", "CD", "CI", "CIDR"),
    *("CPU", "CSR", "DB", "DNS", "EC2", "ECR", "EKS", "FQDN", "GCP", "GPU"),
    *("HA", "HTTP", "HTTPS", "IAM", "ID", "IDs", "IP", "IPs", "IPv4", "IPv6"),
    *("JSON", "JWT", "KMS", "LDAP", "MFA", "OIDC", "OS", "RAM", "RBAC", "RDS"),
    *("REST", "S3", "SAML", "SLA", "SMTP", "SNS", "SQL", "SQS", "SSH", "SSL"),
    *("SSO", "TCP", "TLS", "TTL", "UDP", "UI", "URI", "URL", "URLs", "URN"),
    *("UUID", "VM", "VMs", "VNet", "VPC", "VPN", "YAML"),
)
_ACRONYMS = {name.lower(): name for name in _NAMES}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def label_of(key: str) -> str:
    """Return a key as words: `CLIENT_SECRET` and `clientSecret` are "Client secret", `console_url` is "Console URL"."""
    text = key if key.isupper() else _HUMP.sub(" ", key)
    words = [_ACRONYMS.get(word.lower(), word.lower()) for word in re.split(r"[\s_-]+", text) if word]
    label = " ".join(words)
    return label[:1].upper() + label[1:] if label else key
