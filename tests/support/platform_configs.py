"""One configuration of each type of platform, with every documented member and secret. Source: api.md 3.9."""

from typing import Any

AT = "/spec/config"


def _secret(at: str) -> dict[str, str]:
    return {"plaintext": f"secret of {AT}/{at}"}


_PROCESSING = {"compactTimelinesAfterDays": 30, "deleteRawDataAfterDays": 65}
_TAGS = {
    "namespacePrefix": "meshstack_",
    "tagMappers": [{"key": "workspace", "valuePattern": "${workspaceIdentifier}"}],
}
_ROLE = {"name": "admin", "kind": "meshProjectRole"}
_INVITATION = {"redirectUrl": "https://portal.azure.com", "sendAzureInvitationMail": False}


def _principal(at: str) -> dict[str, Any]:
    auth = {"type": "credential", "credential": _secret(f"{at}/auth/credential")}
    return {"clientId": "client", "objectId": "object", "auth": auth}


def _access(at: str) -> dict[str, Any]:
    credential = {"accessKey": "AKIA", "secretKey": _secret(f"{at}/auth/credential/secretKey")}
    return {
        "organizationRootAccountRole": "Root",
        "organizationRootAccountExternalId": None,
        "auth": {"type": "credential", "credential": credential},
    }


def _metering(at: str) -> dict[str, Any]:
    return {"clientConfig": {"accessToken": _secret(f"{at}/clientConfig/accessToken")}, "processing": _PROCESSING}


_AWS = {
    "region": "eu-central-1",
    "replication": {
        "accessConfig": _access("aws/replication/accessConfig"),
        "waitForExternalAvm": False,
        "enforceAccountAlias": False,
        "selfDowngradeAccessRole": True,
        "skipUserGroupPermissionCleanup": False,
        "allowHierarchicalOrganizationalUnitAssignment": False,
        "automationAccountRole": "Automation",
        "accountAccessRole": "Access",
        "accountAliasPattern": "#{workspaceIdentifier}",
        "accountEmailPattern": "aws+#{projectIdentifier}@example.org",
        "tenantTags": _TAGS,
        "awsSso": {
            "scimEndpoint": "https://scim.example.org",
            "arn": "arn:aws:sso:::instance/i",
            "groupNamePattern": "g",
            "signInUrl": "https://start.example.org",
            "ssoAccessToken": _secret("aws/replication/awsSso/ssoAccessToken"),
            "awsRoleMappings": [{"projectRoleRef": _ROLE, "awsRole": "admin", "permissionSetArns": ["b", "a"]}],
        },
        "enrollmentConfiguration": {"managementAccountId": "1", "accountFactoryProductId": "2"},
    },
    "metering": {
        "accessConfig": _access("aws/metering/accessConfig"),
        "filter": "NONE",
        "reservedInstanceFairChargeback": False,
        "savingsPlanFairChargeback": True,
        "processing": _PROCESSING,
    },
}
_AGREEMENT = "azure/replication/provisioning/customerAgreement/sourceServicePrincipal/auth/credential"
_AZURE = {
    "entraTenant": "example.onmicrosoft.com",
    "replication": {
        "servicePrincipal": _principal("azure/replication/servicePrincipal"),
        "updateSubscriptionName": False,
        "skipUserGroupPermissionCleanup": False,
        "allowHierarchicalManagementGroupAssignment": False,
        "provisioning": {
            "subscriptionOwnerObjectIds": ["b", "a"],
            "enterpriseEnrollment": {
                "enrollmentAccountId": "account",
                "subscriptionOfferType": "PRODUCTION",
                "useLegacySubscriptionEnrollment": False,
                "subscriptionCreationErrorCooldownSec": 60,
            },
            "customerAgreement": {
                "sourceServicePrincipal": {
                    "clientId": "client",
                    "auth": {"type": "credential", "credential": _secret(_AGREEMENT)},
                },
                "destinationEntraId": "destination",
                "sourceEntraTenant": "source",
                "billingScope": "scope",
                "subscriptionCreationErrorCooldownSec": 900,
            },
            "preProvisioned": {"unusedSubscriptionNamePrefix": "unused-"},
        },
        "b2bUserInvitation": _INVITATION,
        "subscriptionNamePattern": "s",
        "groupNamePattern": "g",
        "azureRoleMappings": [{"projectRoleRef": _ROLE, "azureRole": {"alias": "admin", "id": "1"}}],
        "tenantTags": _TAGS,
        "userLookUpStrategy": "UserByMailLookupStrategy",
        "administrativeUnitId": "unit",
    },
    "metering": {"servicePrincipal": _principal("azure/metering/servicePrincipal"), "processing": _PROCESSING},
}
_AZURERG = {
    "entraTenant": "example.onmicrosoft.com",
    "replication": {
        "servicePrincipal": _principal("azurerg/replication/servicePrincipal"),
        "subscription": "subscription",
        "resourceGroupNamePattern": "r",
        "userGroupNamePattern": "u",
        "b2bUserInvitation": _INVITATION,
        "userLookUpStrategy": "UserByUsernameLookupStrategy",
        "tenantTags": _TAGS,
        "skipUserGroupPermissionCleanup": False,
    },
}
_AKS = {
    "baseUrl": "https://aks.example.org:443",
    "disableSslValidation": False,
    "replication": {
        "accessToken": _secret("aks/replication/accessToken"),
        "namespaceNamePattern": "n",
        "groupNamePattern": "g",
        "servicePrincipal": {"entraTenant": "tenant", **_principal("aks/replication/servicePrincipal")},
        "aksSubscriptionId": "subscription",
        "aksClusterName": "cluster",
        "aksResourceGroup": "group",
        "redirectUrl": "https://portal.azure.com",
        "sendAzureInvitationMail": False,
        "userLookUpStrategy": "UserByMailLookupStrategy",
        "administrativeUnitId": None,
    },
    "metering": _metering("aks/metering"),
}
_GCP = {
    "replication": {
        "serviceAccount": {"type": "credential", "credential": _secret("gcp/replication/serviceAccount/credential")},
        "domain": "example.org",
        "customerId": "C0",
        "groupNamePattern": "g",
        "projectNamePattern": "p",
        "projectIdPattern": "i",
        "billingAccountId": "b",
        "userLookupStrategy": "email",
        "gcpRoleMappings": [{"projectRoleRef": _ROLE, "gcpRole": "roles/editor"}],
        "allowHierarchicalFolderAssignment": False,
        "tenantTags": _TAGS,
        "skipUserGroupPermissionCleanup": False,
    },
    "metering": {
        "serviceAccount": {
            "type": "workloadIdentity",
            "workloadIdentity": {"audience": "a", "serviceAccountEmail": "e@example.org"},
        },
        "bigqueryTable": "t",
        "partitionTimeColumn": "c",
        "processing": _PROCESSING,
    },
}
_KUBERNETES = {
    "baseUrl": "https://k8s.example.org:6443",
    "disableSslValidation": True,
    "replication": {
        "clientConfig": {"accessToken": _secret("kubernetes/replication/clientConfig/accessToken")},
        "namespaceNamePattern": "n",
    },
    "metering": _metering("kubernetes/metering"),
}
_OPENSHIFT = {
    "baseUrl": "https://api.example.org:6443",
    "disableSslValidation": False,
    "replication": {
        "clientConfig": {"accessToken": _secret("openshift/replication/clientConfig/accessToken")},
        "webConsoleUrl": "https://console.example.org",
        "projectNamePattern": "p",
        "openshiftRoleMappings": None,
        "identityProviderName": "idp",
        "tenantTags": _TAGS,
    },
    "metering": _metering("openshift/metering"),
}
_CUSTOM = {
    "platformTypeRef": {"name": "MAINFRAME", "kind": "meshPlatformType"},
    "metering": {"processing": _PROCESSING},
}

CONFIGS: dict[str, dict[str, Any]] = {
    name: {"type": name, name: config}
    for name, config in {
        "custom": _CUSTOM,
        "aws": _AWS,
        "azure": _AZURE,
        "azurerg": _AZURERG,
        "aks": _AKS,
        "gcp": _GCP,
        "kubernetes": _KUBERNETES,
        "openshift": _OPENSHIFT,
    }.items()
}
"""By type; each secret says where it is."""

SECRETS: dict[str, list[str]] = {
    "custom": [],
    "aws": [
        f"{AT}/aws/replication/accessConfig/auth/credential/secretKey",
        f"{AT}/aws/replication/awsSso/ssoAccessToken",
        f"{AT}/aws/metering/accessConfig/auth/credential/secretKey",
    ],
    "azure": [
        f"{AT}/azure/replication/servicePrincipal/auth/credential",
        f"{AT}/{_AGREEMENT}",
        f"{AT}/azure/metering/servicePrincipal/auth/credential",
    ],
    "azurerg": [f"{AT}/azurerg/replication/servicePrincipal/auth/credential"],
    "aks": [
        f"{AT}/aks/replication/accessToken",
        f"{AT}/aks/replication/servicePrincipal/auth/credential",
        f"{AT}/aks/metering/clientConfig/accessToken",
    ],
    "gcp": [f"{AT}/gcp/replication/serviceAccount/credential"],
    "kubernetes": [
        f"{AT}/kubernetes/replication/clientConfig/accessToken",
        f"{AT}/kubernetes/metering/clientConfig/accessToken",
    ],
    "openshift": [
        f"{AT}/openshift/replication/clientConfig/accessToken",
        f"{AT}/openshift/metering/clientConfig/accessToken",
    ],
}
"""Where each of them has secrets."""
