"""What the configurations of platforms look like, type by type. Source: api.md 3.9."""

from collections.abc import Mapping
from enum import StrEnum

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.platforms.model.platform_type import Category
from blockyard.server.platforms.model.shapes import Choice, Each, Leaf, Members, Shape, Words

CONFIG_FIELD = "/spec/config"


class ConfigType(StrEnum):
    """What a platform's configuration, and that of its landing zones, is for."""

    CUSTOM = "custom"
    AWS = "aws"
    AKS = "aks"
    AZURE = "azure"
    AZURERG = "azurerg"
    GCP = "gcp"
    KUBERNETES = "kubernetes"
    OPENSHIFT = "openshift"

    @property
    def category(self) -> Category:
        """The category of the platforms with such a configuration."""
        return _CATEGORIES[self]


_CATEGORIES: Mapping[ConfigType, Category] = {
    ConfigType.CUSTOM: Category.CUSTOM,
    ConfigType.AWS: Category.AWS,
    ConfigType.AKS: Category.AZURE_KUBERNETES_SERVICE,
    ConfigType.AZURE: Category.AZURE,
    ConfigType.AZURERG: Category.AZURE_RESOURCE_GROUP,
    ConfigType.GCP: Category.GCP,
    ConfigType.KUBERNETES: Category.KUBERNETES,
    ConfigType.OPENSHIFT: Category.OPENSHIFT,
}

ERROR_COOLDOWN_SECONDS = 900
"""How long Azure is left alone after it could not make a subscription, unless somebody says otherwise."""

_TEXT, _FLAG, _NUMBER, _SECRET = Leaf.TEXT, Leaf.FLAG, Leaf.NUMBER, Leaf.SECRET
_LOOK_UP = Words(("UserByMailLookupStrategy", "UserByUsernameLookupStrategy"))
ROLE = Members({"name": _TEXT, "kind?": Words(("meshProjectRole",))})
"""A reference to a project role."""

_PROCESSING = Members({"compactTimelinesAfterDays": _NUMBER, "deleteRawDataAfterDays": _NUMBER})
_TENANT_TAGS = Members({"namespacePrefix": _TEXT, "tagMappers": Each(Members({"key": _TEXT, "valuePattern": _TEXT}))})
_CLIENT_CONFIG = Members({"accessToken": _SECRET})
_CLIENT_METERING = Members({"clientConfig": _CLIENT_CONFIG, "processing": _PROCESSING})

_AZURE_AUTH = Choice({"credential": _SECRET, "workloadIdentity": None})
_SERVICE_PRINCIPAL: Mapping[str, Shape] = {"clientId": _TEXT, "objectId": _TEXT, "auth": _AZURE_AUTH}
_INVITATION = Members({"redirectUrl": _TEXT, "sendAzureInvitationMail": _FLAG})

_AWS_ACCESS = Members(
    {
        "organizationRootAccountRole": _TEXT,
        "organizationRootAccountExternalId?": _TEXT,
        "auth": Choice(
            {
                "credential": Members({"accessKey": _TEXT, "secretKey": _SECRET}),
                "workloadIdentity": Members({"roleArn": _TEXT}),
            }
        ),
    }
)
_AWS_ROLES = Each(Members({"projectRoleRef": ROLE, "awsRole": _TEXT, "permissionSetArns?": Each(_TEXT)}))
_AWS_SIGN_IN: Mapping[str, Shape] = {"arn": _TEXT, "groupNamePattern": _TEXT, "signInUrl": _TEXT}
_AWS = Members(
    {
        "region?": _TEXT,
        "replication?": Members(
            {
                "accessConfig": _AWS_ACCESS,
                "waitForExternalAvm": _FLAG,
                "enforceAccountAlias": _FLAG,
                "selfDowngradeAccessRole": _FLAG,
                "skipUserGroupPermissionCleanup": _FLAG,
                "allowHierarchicalOrganizationalUnitAssignment": _FLAG,
                "automationAccountRole": _TEXT,
                "automationAccountExternalId?": _TEXT,
                "accountAccessRole": _TEXT,
                "accountAliasPattern": _TEXT,
                "accountEmailPattern": _TEXT,
                "tenantTags?": _TENANT_TAGS,
                "awsSso?": Members(
                    {
                        **_AWS_SIGN_IN,
                        "scimEndpoint": _TEXT,
                        "ssoAccessToken": _SECRET,
                        "awsRoleMappings?": _AWS_ROLES,
                    }
                ),
                "awsIdentityStore?": Members({**_AWS_SIGN_IN, "identityStoreId": _TEXT, "awsRoleMappings": _AWS_ROLES}),
                "enrollmentConfiguration?": Members({"managementAccountId": _TEXT, "accountFactoryProductId": _TEXT}),
            },
            apart=("awsSso", "awsIdentityStore"),
        ),
        "metering?": Members(
            {
                "accessConfig": _AWS_ACCESS,
                "filter": Words(("NONE", "EXCLUDE_TAX")),
                "reservedInstanceFairChargeback": _FLAG,
                "savingsPlanFairChargeback": _FLAG,
                "processing": _PROCESSING,
            }
        ),
    }
)

_COOLDOWN = "subscriptionCreationErrorCooldownSec"
_AZURE_PROVISIONING = Members(
    {
        "subscriptionOwnerObjectIds?": Each(_TEXT),
        "enterpriseEnrollment?": Members(
            {
                "enrollmentAccountId": _TEXT,
                "subscriptionOfferType": _TEXT,
                "useLegacySubscriptionEnrollment": _FLAG,
                f"{_COOLDOWN}?": _NUMBER,
            },
            defaults={_COOLDOWN: ERROR_COOLDOWN_SECONDS},
        ),
        "customerAgreement?": Members(
            {
                "sourceServicePrincipal": Members({"clientId": _TEXT, "auth": _AZURE_AUTH}),
                "destinationEntraId": _TEXT,
                "sourceEntraTenant": _TEXT,
                "billingScope": _TEXT,
                f"{_COOLDOWN}?": _NUMBER,
            },
            defaults={_COOLDOWN: ERROR_COOLDOWN_SECONDS},
        ),
        "preProvisioned?": Members({"unusedSubscriptionNamePrefix": _TEXT}),
    }
)
_AZURE = Members(
    {
        "entraTenant": _TEXT,
        "replication?": Members(
            {
                "servicePrincipal": Members(_SERVICE_PRINCIPAL),
                "updateSubscriptionName": _FLAG,
                "skipUserGroupPermissionCleanup": _FLAG,
                "allowHierarchicalManagementGroupAssignment": _FLAG,
                "provisioning?": _AZURE_PROVISIONING,
                "b2bUserInvitation?": _INVITATION,
                "subscriptionNamePattern": _TEXT,
                "groupNamePattern": _TEXT,
                "azureRoleMappings": Each(
                    Members({"projectRoleRef": ROLE, "azureRole": Members({"alias": _TEXT, "id": _TEXT})})
                ),
                "tenantTags?": _TENANT_TAGS,
                "userLookUpStrategy": _LOOK_UP,
                "administrativeUnitId?": _TEXT,
            }
        ),
        "metering?": Members({"servicePrincipal": Members(_SERVICE_PRINCIPAL), "processing": _PROCESSING}),
    }
)
_AZURERG = Members(
    {
        "entraTenant": _TEXT,
        "replication?": Members(
            {
                "servicePrincipal": Members(_SERVICE_PRINCIPAL),
                "subscription": _TEXT,
                "resourceGroupNamePattern": _TEXT,
                "userGroupNamePattern": _TEXT,
                "b2bUserInvitation?": _INVITATION,
                "userLookUpStrategy": _LOOK_UP,
                "tenantTags?": _TENANT_TAGS,
                "skipUserGroupPermissionCleanup": _FLAG,
                "administrativeUnitId?": _TEXT,
            }
        ),
    }
)
_AKS = Members(
    {
        "baseUrl": _TEXT,
        "disableSslValidation": _FLAG,
        "replication?": Members(
            {
                "accessToken": _SECRET,
                "namespaceNamePattern": _TEXT,
                "groupNamePattern": _TEXT,
                "servicePrincipal": Members({"entraTenant": _TEXT, **_SERVICE_PRINCIPAL}),
                "aksSubscriptionId": _TEXT,
                "aksClusterName": _TEXT,
                "aksResourceGroup": _TEXT,
                "redirectUrl?": _TEXT,
                "sendAzureInvitationMail": _FLAG,
                "userLookUpStrategy": _LOOK_UP,
                "administrativeUnitId?": _TEXT,
            }
        ),
        "metering?": _CLIENT_METERING,
    }
)

_GCP_ACCOUNT = Choice(
    {"credential": _SECRET, "workloadIdentity": Members({"audience": _TEXT, "serviceAccountEmail": _TEXT})}
)
_GCP = Members(
    {
        "replication?": Members(
            {
                "serviceAccount": _GCP_ACCOUNT,
                "domain": _TEXT,
                "customerId": _TEXT,
                "groupNamePattern": _TEXT,
                "projectNamePattern": _TEXT,
                "projectIdPattern": _TEXT,
                "billingAccountId": _TEXT,
                "userLookupStrategy": _TEXT,
                "usedExternalIdType?": _TEXT,
                "gcpRoleMappings": Each(Members({"projectRoleRef": ROLE, "gcpRole": _TEXT})),
                "allowHierarchicalFolderAssignment": _FLAG,
                "tenantTags?": _TENANT_TAGS,
                "skipUserGroupPermissionCleanup": _FLAG,
            }
        ),
        "metering?": Members(
            {
                "serviceAccount": _GCP_ACCOUNT,
                "bigqueryTable": _TEXT,
                "bigqueryTableForCarbonFootprint?": _TEXT,
                "carbonFootprintDataCollectionStartMonth?": _TEXT,
                "partitionTimeColumn": _TEXT,
                "additionalFilter?": _TEXT,
                "processing": _PROCESSING,
            }
        ),
    }
)
_KUBERNETES = Members(
    {
        "baseUrl": _TEXT,
        "disableSslValidation": _FLAG,
        "replication?": Members({"clientConfig": _CLIENT_CONFIG, "namespaceNamePattern": _TEXT}),
        "metering?": _CLIENT_METERING,
    }
)
_OPENSHIFT = Members(
    {
        "baseUrl": _TEXT,
        "disableSslValidation": _FLAG,
        "replication?": Members(
            {
                "clientConfig": _CLIENT_CONFIG,
                "webConsoleUrl?": _TEXT,
                "projectNamePattern": _TEXT,
                "openshiftRoleMappings?": Each(Members({"projectRoleRef": ROLE, "openshiftRole": _TEXT})),
                "identityProviderName": _TEXT,
                "tenantTags?": _TENANT_TAGS,
            }
        ),
        "metering?": _CLIENT_METERING,
    }
)
_CUSTOM = Members(
    {
        "platformTypeRef": Members({"name": _TEXT, "kind?": Words(("meshPlatformType",))}),
        "metering?": Members({"processing?": _PROCESSING}),
    }
)

CONFIG = Choice(
    {
        ConfigType.CUSTOM: _CUSTOM,
        ConfigType.AWS: _AWS,
        ConfigType.AKS: _AKS,
        ConfigType.AZURE: _AZURE,
        ConfigType.AZURERG: _AZURERG,
        ConfigType.GCP: _GCP,
        ConfigType.KUBERNETES: _KUBERNETES,
        ConfigType.OPENSHIFT: _OPENSHIFT,
    }
)
"""`{"type": T, T: {…}}`."""


def type_of(config: JsonObject) -> ConfigType:
    """Return the type of a configuration that was read."""
    return ConfigType(str(config["type"]))


def type_name_of(config: JsonObject) -> str:
    """Return the name of the platform type of a configuration that was read."""
    type_ = type_of(config)
    return (
        _text(config, "custom", "platformTypeRef", "name") if type_ is ConfigType.CUSTOM else type_.category.type_name
    )


def _text(config: Json, *path: str) -> str:
    for name in path:
        config = config[name] if isinstance(config, dict) else None
    return str(config)
