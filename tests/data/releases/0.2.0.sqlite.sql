BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0011');
CREATE TABLE api_keys (
	id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	permissions TEXT NOT NULL, 
	expires_at DATE, 
	secret_hash VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	last_login_at DATETIME, 
	revision INTEGER NOT NULL, runner_id CHAR(32), runner_is_public BOOLEAN DEFAULT 0 NOT NULL, epoch INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id)
);
INSERT INTO "api_keys" VALUES('7ede5434b3a64235b4f2072fcf5143c5','admin','administrator','["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"]',NULL,'545ed10f3e6c9d900630167fd3d4ead3d19bd3eb03800f5a91087577eae64c60','2026-11-30 02:10:16.349768',NULL,'2026-11-30 02:10:17.203785',0,NULL,0,0);
INSERT INTO "api_keys" VALUES('c6c600e35c154cafb0647541f798c8a5','admin','shared runner','[]',NULL,'afa3235c1666c24190fddcf639d6973a3767cd17585664832aa66b89c76e72de','2026-11-30 02:10:16.353132',NULL,NULL,0,'98520496627d43e682dace499179ff3f',1,0);
INSERT INTO "api_keys" VALUES('0b66f59866184de3baabd5e006dcb6d6','platform','runner','["MANAGED_BUILDINGBLOCKRUN_SAVE"]',NULL,'992b43889eabf2062a6e2dd441639f034cfa18b285626957f3ca2a53cbbb2047','2026-11-30 02:10:17.854925',NULL,'2026-11-30 02:10:17.870392',0,NULL,0,0);
CREATE TABLE block_parents (
	child_id CHAR(32) NOT NULL, 
	parent_id CHAR(32) NOT NULL, 
	definition_id CHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_block_parents PRIMARY KEY (child_id, parent_id), 
	CONSTRAINT fk_block_parents_child_id FOREIGN KEY(child_id) REFERENCES blocks (id) ON DELETE CASCADE, 
	CONSTRAINT fk_block_parents_parent_id FOREIGN KEY(parent_id) REFERENCES blocks (id) ON DELETE CASCADE
);
CREATE TABLE blocks (
	id CHAR(32) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	definition_id CHAR(32) NOT NULL, 
	version_id CHAR(32) NOT NULL, 
	version_number INTEGER NOT NULL, 
	status VARCHAR(40) NOT NULL, 
	lifecycle VARCHAR(24) NOT NULL, 
	force_purge BOOLEAN NOT NULL, 
	operation VARCHAR(10), 
	applied_at DATETIME, 
	latest_run_id CHAR(32), 
	latest_dry_run_id CHAR(32), 
	rerun_due BOOLEAN NOT NULL, 
	author TEXT NOT NULL, 
	inputs TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	marked_for_deletion_at DATETIME, 
	marked_for_deletion_by VARCHAR(255), 
	deleted_at DATETIME, 
	revision INTEGER NOT NULL, sort_name VARCHAR(255) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_blocks PRIMARY KEY (id), 
	CONSTRAINT fk_blocks_definition_id FOREIGN KEY(definition_id) REFERENCES definitions (id), 
	CONSTRAINT fk_blocks_version_id FOREIGN KEY(version_id) REFERENCES definition_versions (id), 
	CONSTRAINT fk_blocks_workspace FOREIGN KEY(workspace) REFERENCES workspaces (name)
);
INSERT INTO "blocks" VALUES('0e698df46a2e4d4984270986bef95a65','sample','sample','shop','platform','a60237b995b14fc995d795e0ea09ba02','504d820a6a5242ed8dd357ed1a5182d5',1,'SUCCEEDED','ACTIVE',0,'CREATION','2026-11-30 02:10:17.669846','15ecb26d01d448218ce953ce1ff0147a',NULL,0,'{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','{"size":{"value":16,"type":"INTEGER"}}','{"size":{"value":16,"type":"INTEGER","isSensitive":false}}','2026-11-30 02:10:17.614070',NULL,NULL,NULL,1,'sample');
INSERT INTO "blocks" VALUES('5eb40504ba4e46be972015baf34b5c57','sample','sample','shop','platform','b06576ae14f44e92a241e3e2691f5cc9','b268134f334d428c9b17f4938ae683d7',1,'PENDING','ACTIVE',0,'UPDATE','2026-11-30 02:10:18.068090','d5270a75cf3f4987bd1f3fe32073747c',NULL,0,'{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','{"name":{"value":"invoices","type":"STRING"},"password":{"secret":{"hash":"sha256:70db1a3e5ff1cecdb638b4bf1228ef9c6c14a273939d4797c9fa8b94e6df8663","sealed":"UT/XOtZjri5Im3Wb9XYCRRrnojDwjMB55a98GJJfhPT+xjs6j5qEqEssLgkyrb0FymgsK8azUsksxpCxHp5mKGu+nRGY52U2mO3K0sza0YX0Ck6uBEP8zx0c/bFmgMgXZca+aWkVlw3+Df9LZT7Q5w69pWt4KQNvlyCYBwN+3i5cB0KNJ5bXRWEP2vPHwV4mYIrpNmel0C3MaM8lpFa82sdgDdM3ZzeNn5pTJMA2rRtQQQS6EJSmXbvNzwIUoKDu+8TRK8IxBp0mEKIT+aD7Chytb+ynffwZITh4Cgeynw9BCaYRHaGfpvI56fiyQKeaq2xef/RplKysgGC9hAtXZwAAAAyxt/IvBIn9lAwzN5J4pE2IvvXX0IgMbh2xvmdY3M6qX3Z4dpA54M6tG5o=","key":"e2f553dafc2088dee6500243b872ac9b"},"type":"STRING"}}','{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}','2026-11-30 02:10:17.794080',NULL,NULL,NULL,5,'sample');
CREATE TABLE definition_version_dependencies (
	version_id CHAR(32) NOT NULL, 
	definition_id CHAR(32) NOT NULL, 
	CONSTRAINT pk_definition_version_dependencies PRIMARY KEY (version_id, definition_id), 
	CONSTRAINT fk_definition_version_dependencies_version_id FOREIGN KEY(version_id) REFERENCES definition_versions (id) ON DELETE CASCADE
);
CREATE TABLE definition_versions (
	id CHAR(32) NOT NULL, 
	definition_id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	runner_id CHAR(32) NOT NULL, 
	integration_id CHAR(32), 
	content TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	released_at DATETIME, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_definition_versions PRIMARY KEY (id), 
	CONSTRAINT fk_definition_versions_definition_id FOREIGN KEY(definition_id) REFERENCES definitions (id) ON DELETE CASCADE, 
	CONSTRAINT fk_definition_versions_integration_id FOREIGN KEY(integration_id) REFERENCES integrations (id), 
	CONSTRAINT fk_definition_versions_runner_id FOREIGN KEY(runner_id) REFERENCES runners (id), 
	CONSTRAINT uq_definition_versions_definition_id_number UNIQUE (definition_id, number)
);
INSERT INTO "definition_versions" VALUES('504d820a6a5242ed8dd357ed1a5182d5','a60237b995b14fc995d795e0ea09ba02','platform',1,'RELEASED','98520496627d43e682dace499179ff3f',NULL,'{"runnerRef":{"uuid":"98520496-627d-43e6-82da-ce499179ff3f","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0}},"outputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"NONE","displayOrder":0}},"implementation":{"type":"MANUAL","settings":{},"secrets":{}}}','2026-11-30 02:10:17.457116','2026-11-30 02:10:17.545869',2);
INSERT INTO "definition_versions" VALUES('b268134f334d428c9b17f4938ae683d7','b06576ae14f44e92a241e3e2691f5cc9','platform',1,'RELEASED','d6a6f5becde145aabe3fca18c899de6c',NULL,'{"runnerRef":{"uuid":"d6a6f5be-cde1-45aa-be3f-ca18c899de6c","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"name":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0},"password":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":true,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":1}},"outputs":{"url":{"displayName":"Output","type":"STRING","assignmentType":"RESOURCE_URL","displayOrder":0}},"implementation":{"type":"TERRAFORM","settings":{"terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true},"secrets":{}}}','2026-11-30 02:10:17.742049','2026-11-30 02:10:17.776864',2);
CREATE TABLE definitions (
	id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	target_type VARCHAR(16) NOT NULL, 
	spec TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	latest_version_id CHAR(32) NOT NULL, 
	released_version_id CHAR(32), 
	created_at DATETIME NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_definitions PRIMARY KEY (id)
);
INSERT INTO "definitions" VALUES('a60237b995b14fc995d795e0ea09ba02','platform','Sample','WORKSPACE_LEVEL','{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}','{}','504d820a6a5242ed8dd357ed1a5182d5','504d820a6a5242ed8dd357ed1a5182d5','2026-11-30 02:10:17.457116',1);
INSERT INTO "definitions" VALUES('b06576ae14f44e92a241e3e2691f5cc9','platform','Sample','WORKSPACE_LEVEL','{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}','{}','b268134f334d428c9b17f4938ae683d7','b268134f334d428c9b17f4938ae683d7','2026-11-30 02:10:17.742049',1);
CREATE TABLE ended_tokens (
	id CHAR(32) NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_ended_tokens PRIMARY KEY (id)
);
CREATE TABLE events (
	id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	title VARCHAR(255) NOT NULL, 
	type VARCHAR(20) NOT NULL, 
	author_type VARCHAR(20) NOT NULL, 
	author_identifier VARCHAR(255) NOT NULL, 
	author TEXT NOT NULL, 
	workspace VARCHAR(255), 
	subject_kind VARCHAR(64) NOT NULL, 
	subject_id VARCHAR(255) NOT NULL, 
	description TEXT NOT NULL, 
	content TEXT, 
	previous TEXT, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
INSERT INTO "events" VALUES('c65489887cde45088a09477726403c17','2026-11-30 02:10:16.223869','Workspace Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshWorkspace','admin','','{"displayName":"Administration","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('5472f401d71c4341b4f78ac6e58792ea','2026-11-30 02:10:16.339415','User Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}',NULL,'user','6b43fa5e-9058-4884-9b93-d1e7da6922a0','','{"username":"admin","firstName":"","lastName":"","email":"","euid":null,"admin":true,"disabled":false}','null');
INSERT INTO "events" VALUES('78a770c6b8ea498c97358cea031a0368','2026-11-30 02:10:16.350892','API Key Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','','{"displayName":"administrator","permissions":["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('4faf9027d8944e1ba8bc67724a36d40f','2026-11-30 02:10:16.357641','API Key Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshApiKey','c6c600e3-5c15-4caf-b064-7541f798c8a5','','{"displayName":"shared runner","permissions":[],"expiresAt":null,"runner":"98520496-627d-43e6-82da-ce499179ff3f"}','null');
INSERT INTO "events" VALUES('241ccda5aff243aeab7ae8886fd1a17f','2026-11-30 02:10:17.231028','Workspace Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshWorkspace','platform','','{"displayName":"platform","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('cfdf41a27d884dfa8f89cd3ee5672d18','2026-11-30 02:10:17.266308','Workspace Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshWorkspace','shop','','{"displayName":"shop","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('8587dd30e2984068b5c291fc8509f32c','2026-11-30 02:10:17.326555','Payment Method Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshPaymentMethod','budget','','{"displayName":"Budget","expirationDate":"2026-12-31","amount":25000,"tags":{}}','null');
INSERT INTO "events" VALUES('7252a9abc6d443e3968a419aa5c3342f','2026-11-30 02:10:17.354313','Project Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshProject','shop.dev','','{"displayName":"Dev","tags":{},"paymentMethodIdentifier":"budget","substitutePaymentMethodIdentifier":null}','null');
INSERT INTO "events" VALUES('8fe204f742374a52b66e3530720eb1b8','2026-11-30 02:10:17.402095','Integration Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshIntegration','d0a5800e-1827-4e15-9cb2-017c30f8ca13','','{"displayName":"GitLab","type":"gitlab","settings":{"baseUrl":"https://gitlab.example.test"},"runner":"98520496-627d-43e6-82da-ce499179ff3f","secret":null}','null');
INSERT INTO "events" VALUES('b08efb0db4504ff1b74223a4fb2de27c','2026-11-30 02:10:17.470362','Building Block Definition Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinition','a60237b9-95b1-4fc9-95d7-95e0ea09ba02','','{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}','null');
INSERT INTO "events" VALUES('79e8f2473ae949b4a2e47822aec171f5','2026-11-30 02:10:17.528711','Definition Version Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','504d820a-6a52-42ed-8dd3-57ed1a5182d5','version 1 of ''Sample''','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO "events" VALUES('a7d786cb409a4615a167ed1da662fb57','2026-11-30 02:10:17.559904','Definition Version Released','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','504d820a-6a52-42ed-8dd3-57ed1a5182d5','version 1 of ''Sample''','{"versionNumber":1,"state":"RELEASED","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}');
INSERT INTO "events" VALUES('d51072d5a9db43b1bcfa1e4eafa5efdf','2026-11-30 02:10:17.615379','Building Block Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','0e698df4-6a2e-4d49-8427-0986bef95a65','sample','{"displayName":"sample","definition":"a60237b9-95b1-4fc9-95d7-95e0ea09ba02","version":"504d820a-6a52-42ed-8dd3-57ed1a5182d5","versionNumber":1,"parents":[],"inputs":["size"]}','null');
INSERT INTO "events" VALUES('6079289dbca84e84a95a51e7a296cae3','2026-11-30 02:10:17.647631','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','15ecb26d-01d4-4821-8ce9-53ce1ff0147a','','{"buildingBlock":"0e698df4-6a2e-4d49-8427-0986bef95a65","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}','null');
INSERT INTO "events" VALUES('79e64cae707d4e74b4aaaeaf79081c41','2026-11-30 02:10:17.672627','Building Block Run Finished','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','15ecb26d-01d4-4821-8ce9-53ce1ff0147a','','{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}','null');
INSERT INTO "events" VALUES('1a9d803f5bae4affb818cda1f382a542','2026-11-30 02:10:17.727205','Building Block Runner Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockRunner','d6a6f5be-cde1-45aa-be3f-ca18c899de6c','','{"displayName":"own runner","implementationType":"TERRAFORM","restriction":"PRIVATE","publicKey":"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua\nqLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/\nqmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3\n/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a\ngaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG\nH+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5\nxQIDAQAB\n-----END PUBLIC KEY-----\n"}','null');
INSERT INTO "events" VALUES('6c5be9cc550341a8a17bc1e0ee05a8a1','2026-11-30 02:10:17.742850','Building Block Definition Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinition','b06576ae-14f4-4e92-a241-e3e2691f5cc9','','{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}','null');
INSERT INTO "events" VALUES('0e8949f858f14eb7b189d1c9a619353f','2026-11-30 02:10:17.776333','Definition Version Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','b268134f-334d-428c-9b17-f4938ae683d7','version 1 of ''Sample''','{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"d6a6f5be-cde1-45aa-be3f-ca18c899de6c","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"0b4a252f91fe9188a7902f9606138fc1d247cb0c604e11f05f543c41c5c2450b"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO "events" VALUES('92e9a2b184e54458bf1cb3ea51be90bc','2026-11-30 02:10:17.782273','Definition Version Released','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','b268134f-334d-428c-9b17-f4938ae683d7','version 1 of ''Sample''','{"versionNumber":1,"state":"RELEASED","implementation":"TERRAFORM","runner":"d6a6f5be-cde1-45aa-be3f-ca18c899de6c","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"0b4a252f91fe9188a7902f9606138fc1d247cb0c604e11f05f543c41c5c2450b"}','{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"d6a6f5be-cde1-45aa-be3f-ca18c899de6c","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"0b4a252f91fe9188a7902f9606138fc1d247cb0c604e11f05f543c41c5c2450b"}');
INSERT INTO "events" VALUES('8ef70861d7e94fe99fbebc5b41f61331','2026-11-30 02:10:17.794448','Building Block Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','5eb40504-ba4e-46be-9720-15baf34b5c57','sample','{"displayName":"sample","definition":"b06576ae-14f4-4e92-a241-e3e2691f5cc9","version":"b268134f-334d-428c-9b17-f4938ae683d7","versionNumber":1,"parents":[],"inputs":["name","password"]}','null');
INSERT INTO "events" VALUES('8389f2016aaf451dab8b8fa086be7802','2026-11-30 02:10:17.795080','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','9064907d-5b33-4c3f-9559-a51b6775f4f6','','{"buildingBlock":"5eb40504-ba4e-46be-9720-15baf34b5c57","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}','null');
INSERT INTO "events" VALUES('4f52123952fc4716920afc33dece5d84','2026-11-30 02:10:17.855307','API Key Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshApiKey','0b66f598-6618-4de3-baab-d5e006dcb6d6','','{"displayName":"runner","permissions":["MANAGED_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('842fbcd9e5fe4257a96bd528f6e91700','2026-11-30 02:10:18.072237','Building Block Run Finished','Changed','ApiKey','run-9064907d-5b33-4c3f-9559-a51b6775f4f6','{"type":"ApiKey","identifier":"run-9064907d-5b33-4c3f-9559-a51b6775f4f6","displayName":"Run 9064907d-5b33-4c3f-9559-a51b6775f4f6","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','9064907d-5b33-4c3f-9559-a51b6775f4f6','','{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}','null');
INSERT INTO "events" VALUES('894d508051f24b50862a01dd9c5bc135','2026-11-30 02:10:18.104507','Building Block Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','5eb40504-ba4e-46be-9720-15baf34b5c57','sample','{"displayName":"sample","definition":"b06576ae-14f4-4e92-a241-e3e2691f5cc9","version":"b268134f-334d-428c-9b17-f4938ae683d7","versionNumber":1,"parents":[],"inputs":["name","password"],"changedInputs":["password"]}','{"displayName":"sample","definition":"b06576ae-14f4-4e92-a241-e3e2691f5cc9","version":"b268134f-334d-428c-9b17-f4938ae683d7","versionNumber":1,"parents":[],"inputs":["name","password"]}');
INSERT INTO "events" VALUES('a1a743e84539433a8ae95ee0983ba53b','2026-11-30 02:10:18.105007','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','d5270a75-cf3f-4987-bd1f-3fe32073747c','','{"buildingBlock":"5eb40504-ba4e-46be-9720-15baf34b5c57","number":2,"behavior":"APPLY","reason":"BUILDING_BLOCK_INPUTS_UPDATE","status":"PENDING"}','null');
CREATE TABLE group_members (
	group_name VARCHAR(255) NOT NULL, 
	user_id CHAR(32) NOT NULL, 
	username VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_group_members PRIMARY KEY (group_name, user_id), 
	CONSTRAINT fk_group_members_group_name FOREIGN KEY(group_name) REFERENCES groups (name) ON DELETE CASCADE, 
	CONSTRAINT fk_group_members_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE groups (
	name VARCHAR(255) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_groups PRIMARY KEY (name)
);
CREATE TABLE idempotency_keys (
	scope VARCHAR(64) NOT NULL, 
	body_digest VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	took_effect BOOLEAN NOT NULL, 
	status INTEGER, 
	answer BLOB, 
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (scope)
);
CREATE TABLE integrations (
	id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	type VARCHAR(16) NOT NULL, 
	settings TEXT NOT NULL, 
	secret TEXT NOT NULL, 
	runner_id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_integrations PRIMARY KEY (id), 
	CONSTRAINT fk_integrations_runner_id FOREIGN KEY(runner_id) REFERENCES runners (id)
);
INSERT INTO "integrations" VALUES('d0a5800e18274e159cb2017c30f8ca13','platform','GitLab','gitlab','{"baseUrl":"https://gitlab.example.test"}','null','98520496627d43e682dace499179ff3f','2026-11-30 02:10:17.390846',0);
CREATE TABLE master_key_check (
	id INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_key_check PRIMARY KEY (id), 
	CONSTRAINT ck_master_key_check_only_one CHECK (id = 1)
);
INSERT INTO "master_key_check" VALUES(1,X'014A0FC7210F3139DCF6462426E89AE0B172968F6E4059BD2E74DBD4C6');
CREATE TABLE payment_methods (
	id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	expiration_date DATE, 
	amount BIGINT, 
	tags TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_payment_methods PRIMARY KEY (id), 
	CONSTRAINT fk_payment_methods_workspace FOREIGN KEY(workspace) REFERENCES workspaces (name)
);
INSERT INTO "payment_methods" VALUES('b2a89bdf28a14c3e8c529c876639011f','shop','budget','Budget','2026-12-31',25000,'{}','2026-11-30 02:10:17.325582',NULL,0);
CREATE TABLE projects (
	id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	tags TEXT NOT NULL, 
	payment_method VARCHAR(255), 
	substitute_payment_method VARCHAR(255), 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_projects PRIMARY KEY (id), 
	CONSTRAINT fk_projects_workspace FOREIGN KEY(workspace) REFERENCES workspaces (name)
);
INSERT INTO "projects" VALUES('3932cbd5f4a247418a4f166f93403449','shop','dev','Dev','{}','budget',NULL,'2026-11-30 02:10:17.353637',NULL,0);
CREATE TABLE run_artifacts (
	run_id CHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_run_artifacts PRIMARY KEY (run_id), 
	CONSTRAINT fk_run_artifacts_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE TABLE run_attempts (
	run_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	claimer VARCHAR(10) NOT NULL, 
	lease_seconds FLOAT, 
	node_id TEXT, 
	claimed_at DATETIME NOT NULL, 
	registered_at DATETIME, 
	last_sign_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	CONSTRAINT pk_run_attempts PRIMARY KEY (run_id, number), 
	CONSTRAINT fk_run_attempts_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_run_attempts_token_hash UNIQUE (token_hash)
);
INSERT INTO "run_attempts" VALUES('9064907d5b334c3f9559a51b6775f4f6',1,'4560924d74120bd0132004da60c20b6959f8e10c036e7fd740cc3cf2efb5fef3','OFFICIAL',120.0,NULL,'2026-11-30 02:10:17.875125','2026-11-30 02:10:18.063828','2026-11-30 02:10:18.063828','2026-11-30 02:12:18.063828','ENDED');
CREATE TABLE run_documents (
	run_id CHAR(32) NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_run_documents PRIMARY KEY (run_id), 
	CONSTRAINT fk_run_documents_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_documents" VALUES('9064907d5b334c3f9559a51b6775f4f6','{"kind":"meshBuildingBlockRun","apiVersion":"v1","metadata":{"uuid":"9064907d-5b33-4c3f-9559-a51b6775f4f6","createdOn":"2026-11-30T02:10:17Z"},"spec":{"runNumber":1,"behavior":"APPLY","buildingBlock":{"uuid":"5eb40504-ba4e-46be-9720-15baf34b5c57","spec":{"displayName":"sample","workspaceIdentifier":"shop","projectIdentifier":null,"fullPlatformIdentifier":null,"inputs":[{"key":"name","type":"STRING","isSensitive":false,"isEnvironment":false,"value":"invoices"},{"key":"password","type":"STRING","isSensitive":true,"isEnvironment":false,"value":"ME2o8eSrCcbEv5NhFFHjp61kQ4j3hAFkkZTnzgmRWgF9OSh6cNAbY0CATaa81G9Ui7vHTGl2u98In0NQhEpIiqMy/pANyDjcuFW9UG5wm48TKeE+p/soCYVxoDQEo3hA7xmd+pmJ8eQ4O5bY/YviVlYbrK8TugrVRaiWJ/ntIR+q1H0JiWpOsII1X1wV6Ejcc2pAK9kSYVYvtPxxmgu4+5S9PydXbbRMT4gbVg8+6pYWhCvErKjkbMuHDumhyIUaXGT+hgJyqzdLU9eAHK4ifISkrp15VyYH6xl48gBzwx7olWiXrC10vbCM3BCgyZ19pzlfQ5qkPDqP7CuKoWfcRwAAAAxCehmMMDMA4qlDXnCLwUNS7Hruy/5EJGhhyEZoZUNC8DuHgRMktrhwPQ==","hash":"sha256:dd4496e2b5839aa439b25b52a673bb41124c5ba14ccdb3a0cbb428c4fc795878"},{"key":"MESHSTACK_ENDPOINT","value":"http://127.0.0.1:37859","type":"STRING","isSensitive":false,"isEnvironment":true}],"parentBuildingBlocks":[]}},"buildingBlockDefinition":{"uuid":"b06576ae-14f4-4e92-a241-e3e2691f5cc9","spec":{"workspaceIdentifier":"platform","version":1,"implementation":{"type":"TERRAFORM","terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true}}},"trigger":{"reason":"BUILDING_BLOCK_CREATION","author":{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}}},"status":"IN_PROGRESS","_links":{"self":{"href":"http://127.0.0.1:37859/api/meshobjects/meshbuildingblockruns/9064907d-5b33-4c3f-9559-a51b6775f4f6"},"registerSource":{"href":"http://127.0.0.1:37859/api/meshobjects/meshbuildingblockruns/9064907d-5b33-4c3f-9559-a51b6775f4f6/status/source"},"updateSource":{"href":"http://127.0.0.1:37859/api/meshobjects/meshbuildingblockruns/9064907d-5b33-4c3f-9559-a51b6775f4f6/status/source/{sourceId}","templated":true},"meshstackBaseUrl":{"href":"http://127.0.0.1:37859"}}}');
CREATE TABLE run_log_chunks (
	run_id CHAR(32) NOT NULL, 
	sequence INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	source VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	"offset" BIGINT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_run_log_chunks PRIMARY KEY (run_id, sequence), 
	CONSTRAINT fk_run_log_chunks_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_log_chunks" VALUES('9064907d5b334c3f9559a51b6775f4f6',5,1,'own','execute_tf',0,X'6372656174656420746865206275636B6574');
CREATE TABLE run_outputs (
	run_id CHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	outputs TEXT NOT NULL, 
	CONSTRAINT pk_run_outputs PRIMARY KEY (run_id, attempt), 
	CONSTRAINT fk_run_outputs_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_outputs" VALUES('15ecb26d01d448218ce953ce1ff0147a',0,'{"size":{"value":16,"type":"INTEGER","isSensitive":false}}');
INSERT INTO "run_outputs" VALUES('9064907d5b334c3f9559a51b6775f4f6',1,'{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}');
CREATE TABLE run_sources (
	run_id CHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	source VARCHAR(255) NOT NULL, 
	position INTEGER NOT NULL, 
	external_run_id TEXT, 
	external_run_url TEXT, 
	CONSTRAINT pk_run_sources PRIMARY KEY (run_id, attempt, source), 
	CONSTRAINT fk_run_sources_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_sources" VALUES('9064907d5b334c3f9559a51b6775f4f6',1,'own',0,NULL,NULL);
CREATE TABLE run_steps (
	run_id CHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	source VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	position INTEGER NOT NULL, 
	display_name TEXT NOT NULL, 
	status VARCHAR(12) NOT NULL, 
	user_message TEXT, 
	started_at DATETIME, 
	ended_at DATETIME, 
	log_bytes BIGINT NOT NULL, 
	log_carry BLOB NOT NULL, 
	log_digest VARCHAR(64), 
	changed INTEGER NOT NULL, 
	CONSTRAINT pk_run_steps PRIMARY KEY (run_id, attempt, source, name), 
	CONSTRAINT fk_run_steps_run_id_attempt_source FOREIGN KEY(run_id, attempt, source) REFERENCES run_sources (run_id, attempt, source) ON DELETE CASCADE
);
INSERT INTO "run_steps" VALUES('9064907d5b334c3f9559a51b6775f4f6',1,'own','execute_tf',0,'Apply','SUCCEEDED',NULL,'2026-11-30 02:10:18.064687','2026-11-30 02:10:18.064687',18,X'','72cb39b7cfc327c891dfc72abb851be6fb718eaa6f5edc401e79aa2f25f7030d',4);
CREATE TABLE run_tallied (
	id INTEGER NOT NULL, 
	until DATETIME NOT NULL, 
	changes INTEGER NOT NULL, 
	CONSTRAINT pk_run_tallied PRIMARY KEY (id)
);
CREATE TABLE run_tallies (
	provider VARCHAR(64) NOT NULL, 
	day DATETIME NOT NULL, 
	runs INTEGER NOT NULL, 
	CONSTRAINT pk_run_tallies PRIMARY KEY (provider, day)
);
CREATE TABLE runners (
	id CHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	public_key TEXT NOT NULL, 
	implementation_type VARCHAR(32) NOT NULL, 
	restriction VARCHAR(16) NOT NULL, 
	is_self_hosted BOOLEAN NOT NULL, 
	federation TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_seen_at DATETIME, 
	revision INTEGER NOT NULL, protocol INTEGER DEFAULT '0' NOT NULL, older_protocol_at DATETIME, 
	CONSTRAINT pk_runners PRIMARY KEY (id)
);
INSERT INTO "runners" VALUES('98520496627d43e682dace499179ff3f','admin','Shared runner','-----BEGIN PUBLIC KEY-----
MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAy3gimlCJoMfRHtyliLI8
byZJJPog0rJNZVeAJjNWaePbiRmBHg0P63sBNOEmu/0JY1YRyKhjqePDLqqECin9
H4wBXsNGiUbgZYol2qeqqDjaiiZSzsSSPiQGDe+iiGG/+YOhLpetnD2kpAgwUzjV
KhDJfjPk/Cj92gv5joubcEEgyJOqbhBoi1dHtQd3Gzs4TOCmYGBo+8N7UdcrCqWR
I+1kdpoTHNzGPsoy403R8aRDXjYb1WkSWbSu8OrN032lz2//LKb9ibJpEUCQAyb/
sNscAo8ELhbUD1tkhpPoiOxYDEnwL2KR2JUYjIL4kjrqbVGg4VP6xcQPlqgziqvV
M9b2KVH8e4XuNUR7w00Wj/O5B36J6Ng2TtJ59s/WENJFDT02RBj2OTT+A6lBNz0x
/nDIPeemHMam6aer9DRyLA5psnaq67Tt35vuBLa5rNQG4DZ8cOGwp/uRpQoexCHh
Cnm6vQ9e9nw5WuIAXbvN12FBdXjGfMby5geC36EWw1HtAgMBAAE=
-----END PUBLIC KEY-----
','ALL','PUBLIC',0,'null','2026-11-30 02:10:16.352115',NULL,0,2,NULL);
INSERT INTO "runners" VALUES('d6a6f5becde145aabe3fca18c899de6c','platform','own runner','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua
qLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/
qmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3
/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a
gaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG
H+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5
xQIDAQAB
-----END PUBLIC KEY-----
','TERRAFORM','PRIVATE',1,'null','2026-11-30 02:10:17.726683','2026-11-30 02:10:17.875125',0,0,'2026-11-30 02:10:17.875125');
CREATE TABLE runs (
	id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	block_id CHAR(32) NOT NULL, 
	display_name TEXT NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	definition_id CHAR(32) NOT NULL, 
	version_id CHAR(32) NOT NULL, 
	version_number INTEGER NOT NULL, 
	runner_id CHAR(32) NOT NULL, 
	runner_workspace VARCHAR(64) NOT NULL, 
	implementation VARCHAR(20) NOT NULL, 
	hand_over BOOLEAN NOT NULL, 
	behavior VARCHAR(10) NOT NULL, 
	reason VARCHAR(64) NOT NULL, 
	author TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	due_at DATETIME NOT NULL, 
	status VARCHAR(12) NOT NULL, 
	attempt INTEGER NOT NULL, 
	losses INTEGER NOT NULL, 
	node_id TEXT, 
	claimed_at DATETIME, 
	finished_at DATETIME, 
	quiet_until DATETIME, 
	abort_requested_at DATETIME, 
	abort_delivered_at DATETIME, 
	abort_due_at DATETIME, 
	summary TEXT, 
	changes_detected BOOLEAN, 
	plan_run_id CHAR(32), 
	warnings TEXT NOT NULL, 
	sequence INTEGER DEFAULT '0' NOT NULL, 
	changed INTEGER DEFAULT '0' NOT NULL, 
	log_bytes BIGINT DEFAULT '0' NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT uq_runs_block_id_number UNIQUE (block_id, number)
);
INSERT INTO "runs" VALUES('15ecb26d01d448218ce953ce1ff0147a',1,'0e698df46a2e4d4984270986bef95a65','sample','shop','platform','a60237b995b14fc995d795e0ea09ba02','504d820a6a5242ed8dd357ed1a5182d5',1,'98520496627d43e682dace499179ff3f','admin','MANUAL',0,'APPLY','BUILDING_BLOCK_CREATION','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 02:10:17.640408','2026-11-30 02:10:17.640408','SUCCEEDED',0,0,NULL,NULL,'2026-11-30 02:10:17.669846',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',2,2,0,1);
INSERT INTO "runs" VALUES('9064907d5b334c3f9559a51b6775f4f6',1,'5eb40504ba4e46be972015baf34b5c57','sample','shop','platform','b06576ae14f44e92a241e3e2691f5cc9','b268134f334d428c9b17f4938ae683d7',1,'d6a6f5becde145aabe3fca18c899de6c','platform','TERRAFORM',0,'APPLY','BUILDING_BLOCK_CREATION','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 02:10:17.794889','2026-11-30 02:10:17.794889','SUCCEEDED',1,0,NULL,'2026-11-30 02:10:17.875125','2026-11-30 02:10:18.068090',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',6,6,18,2);
INSERT INTO "runs" VALUES('d5270a75cf3f4987bd1f3fe32073747c',2,'5eb40504ba4e46be972015baf34b5c57','sample','shop','platform','b06576ae14f44e92a241e3e2691f5cc9','b268134f334d428c9b17f4938ae683d7',1,'d6a6f5becde145aabe3fca18c899de6c','platform','TERRAFORM',0,'APPLY','BUILDING_BLOCK_INPUTS_UPDATE','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 02:10:18.104824','2026-11-30 02:10:18.104824','PENDING',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',1,1,0,0);
CREATE TABLE sessions (
	token_hash VARCHAR(64) NOT NULL, 
	user_id CHAR(32) NOT NULL, 
	epoch INTEGER NOT NULL, 
	expires_at DATETIME NOT NULL, ends_at DATETIME NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE sign_in_counts (
	bucket VARCHAR(64) NOT NULL, 
	started_at DATETIME NOT NULL, 
	count INTEGER NOT NULL, 
	CONSTRAINT pk_sign_in_counts PRIMARY KEY (bucket)
);
CREATE TABLE sign_in_links (
	token_hash VARCHAR(64) NOT NULL, 
	user_id CHAR(32) NOT NULL, 
	epoch INTEGER NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_sign_in_links PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sign_in_links_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "sign_in_links" VALUES('7dfe7cef516a367d2d7368bfac4411004f05d13cbd8b8b07032aa28109d3e1c8','6b43fa5e905848849b93d1e7da6922a0',0,'2026-11-30 02:25:16.365134');
CREATE TABLE sign_in_places (
	user_id CHAR(32) NOT NULL, 
	place VARCHAR(64) NOT NULL, 
	used_at DATETIME NOT NULL, 
	CONSTRAINT pk_sign_in_places PRIMARY KEY (user_id, place), 
	CONSTRAINT fk_sign_in_places_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE state_locks (
	block_id CHAR(32) NOT NULL, 
	id VARCHAR(255) NOT NULL, 
	info TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	author TEXT NOT NULL, 
	run_id CHAR(32), 
	attempt INTEGER, 
	CONSTRAINT pk_state_locks PRIMARY KEY (block_id)
);
CREATE TABLE state_versions (
	block_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	serial BIGINT NOT NULL, 
	lineage VARCHAR(255) NOT NULL, 
	md5 VARCHAR(32) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	author TEXT NOT NULL, 
	run_id CHAR(32), 
	attempt INTEGER, 
	is_current BOOLEAN NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_state_versions PRIMARY KEY (block_id, number)
);
INSERT INTO "state_versions" VALUES('5eb40504ba4e46be972015baf34b5c57',1,1,'3f9e','c7b370150775a3c892b7601c74238a41',174,'2026-11-30 02:10:17.986864','run 1','9064907d5b334c3f9559a51b6775f4f6',1,1,X'01AF44C494115FD917F17FA5E34D18A9D8399A3BD0B46052ECA7FBEFD415C81FAFB426550A7C47900F2EDFAE015F77EADDD0CC01425031C89E00BB0B65EF1539B6B14957D8ABF14ABAADD836FD4D981DEB6D2733DFC35786328513CE1E5F0C5D1E32C48D5DD6A5AF1EF6081DE14D210CB89ECE7C37A9290A6B5412D9BA797FC6103225C88CBC9E9373263FDD4CEFD33A38DCEBBAAF9E9ABE769C846A88C4BA499F4BFC1153');
CREATE TABLE users (
	id CHAR(32) NOT NULL, 
	username VARCHAR(255) NOT NULL, 
	first_name VARCHAR(255) NOT NULL, 
	last_name VARCHAR(255) NOT NULL, 
	email VARCHAR(255) NOT NULL, 
	euid VARCHAR(255), 
	password_hash VARCHAR(255) NOT NULL, 
	admin BOOLEAN NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	epoch INTEGER NOT NULL, 
	revision INTEGER NOT NULL, must_change_password BOOLEAN DEFAULT 0 NOT NULL, username_key VARCHAR(255), email_key VARCHAR(255), 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_username UNIQUE (username)
);
INSERT INTO "users" VALUES('6b43fa5e905848849b93d1e7da6922a0','admin','','','',NULL,'$argon2id$v=19$m=19456,t=2,p=1$5gybNmrvOIVvInlbuwW1Ng$I0kfmTHTBaZXvLexq5BAKI/Om5+PFA6HAx981WN5oDc',1,0,'2026-11-30 02:10:16.333153',0,0,0,'admin',NULL);
CREATE TABLE workspace_bindings (
	id CHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	name VARCHAR(45) NOT NULL, 
	role VARCHAR(32) NOT NULL, 
	workspace VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	expires_on DATE, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	CONSTRAINT pk_workspace_bindings PRIMARY KEY (id), 
	CONSTRAINT fk_workspace_bindings_workspace FOREIGN KEY(workspace) REFERENCES workspaces (name)
);
CREATE TABLE workspaces (
	name VARCHAR(64) NOT NULL, 
	display_name VARCHAR(255) NOT NULL, 
	tags TEXT NOT NULL, 
	platform_builder BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (name)
);
INSERT INTO "workspaces" VALUES('admin','Administration','{}',1,'2026-11-30 02:10:16.223228',NULL,0);
INSERT INTO "workspaces" VALUES('platform','platform','{}',1,'2026-11-30 02:10:17.230288',NULL,0);
INSERT INTO "workspaces" VALUES('shop','shop','{}',1,'2026-11-30 02:10:17.265811',NULL,0);
CREATE INDEX ix_api_keys_workspace ON api_keys (workspace, created_at);
CREATE INDEX ix_definitions_created_at ON definitions (created_at, id);
CREATE INDEX ix_definitions_workspace_created_at ON definitions (workspace, created_at, id);
CREATE INDEX ix_events_at ON events (at);
CREATE INDEX ix_events_author_identifier_at ON events (author_identifier, at);
CREATE INDEX ix_events_subject_id_at ON events (subject_id, at);
CREATE INDEX ix_events_title_at ON events (title, at);
CREATE INDEX ix_events_workspace_at ON events (workspace, at);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE INDEX ix_runners_implementation_type_created_at ON runners (implementation_type, created_at, id);
CREATE INDEX ix_runners_restriction_created_at ON runners (restriction, created_at, id);
CREATE INDEX ix_runners_workspace_created_at ON runners (workspace, created_at, id);
CREATE INDEX ix_runs_aborting ON runs (abort_due_at) WHERE abort_due_at IS NOT NULL AND finished_at IS NULL;
CREATE INDEX ix_runs_created_at ON runs (created_at, id);
CREATE INDEX ix_runs_provider_created_at ON runs (provider, created_at, id);
CREATE INDEX ix_runs_queue ON runs (runner_id, created_at, id) WHERE status = 'PENDING';
CREATE INDEX ix_runs_workspace_created_at ON runs (workspace, created_at, id);
CREATE UNIQUE INDEX uq_runs_unfinished ON runs (block_id) WHERE finished_at IS NULL;
CREATE INDEX ix_state_locks_run_id ON state_locks (run_id);
CREATE UNIQUE INDEX uq_state_versions_current ON state_versions (block_id) WHERE is_current;
CREATE INDEX ix_users_created_at ON users (created_at, id);
CREATE INDEX ix_workspaces_created_at ON workspaces (created_at, name);
CREATE INDEX ix_integrations_created_at ON integrations (created_at, id);
CREATE INDEX ix_integrations_runner_id ON integrations (runner_id);
CREATE INDEX ix_integrations_workspace_created_at ON integrations (workspace, created_at, id);
CREATE INDEX ix_definition_versions_created_at ON definition_versions (created_at, id);
CREATE INDEX ix_definition_versions_integration_id ON definition_versions (integration_id);
CREATE INDEX ix_definition_versions_runner_id ON definition_versions (runner_id);
CREATE INDEX ix_definition_versions_workspace_created_at ON definition_versions (workspace, created_at, id);
CREATE UNIQUE INDEX uq_definition_versions_draft ON definition_versions (definition_id) WHERE state = 'DRAFT';
CREATE INDEX ix_group_members_user_id ON group_members (user_id);
CREATE INDEX ix_group_members_username ON group_members (username);
CREATE INDEX ix_projects_created_at ON projects (created_at, id);
CREATE INDEX ix_projects_payment_method ON projects (payment_method);
CREATE INDEX ix_projects_workspace ON projects (workspace, created_at);
CREATE UNIQUE INDEX uq_projects_live_name ON projects (workspace, name) WHERE deleted_at IS NULL;
CREATE INDEX ix_run_artifacts_created_at ON run_artifacts (created_at);
CREATE INDEX ix_run_attempts_expires_at ON run_attempts (expires_at) WHERE state = 'LIVE';
CREATE INDEX ix_run_log_chunks_step ON run_log_chunks (run_id, attempt, source, name, "offset");
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_workspace_bindings_name ON workspace_bindings (name, kind);
CREATE INDEX ix_workspace_bindings_subject ON workspace_bindings (subject, kind);
CREATE INDEX ix_workspace_bindings_workspace ON workspace_bindings (workspace, created_at);
CREATE UNIQUE INDEX uq_workspace_bindings_live_name ON workspace_bindings (kind, name) WHERE deleted_at IS NULL;
CREATE INDEX ix_blocks_active ON blocks (created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_definition_id ON blocks (definition_id, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_display_name ON blocks (display_name, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_provider ON blocks (provider, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_status ON blocks (status, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_version_id ON blocks (version_id, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_version_number ON blocks (version_number, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_active_workspace ON blocks (workspace, created_at, id, lifecycle) WHERE lifecycle = 'ACTIVE';
CREATE INDEX ix_blocks_live_definition_id ON blocks (definition_id, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_blocks_live_provider ON blocks (provider, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_blocks_live_version_id ON blocks (version_id, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_blocks_rerun_due ON blocks (id) WHERE rerun_due;
CREATE INDEX ix_definition_version_dependencies_definition_id ON definition_version_dependencies (definition_id);
CREATE INDEX ix_block_parents_parent ON block_parents (parent_id);
CREATE INDEX ix_blocks_live ON blocks (created_at, id, sort_name, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_blocks_live_name ON blocks (sort_name, created_at, id, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_blocks_live_status ON blocks (status, created_at, id, sort_name, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_blocks_live_workspace ON blocks (workspace, created_at, id, sort_name, lifecycle) WHERE lifecycle <> 'DELETED';
CREATE INDEX ix_sign_in_links_user_id ON sign_in_links (user_id);
CREATE INDEX ix_sign_in_counts_started_at ON sign_in_counts (started_at);
CREATE INDEX ix_ended_tokens_expires_at ON ended_tokens (expires_at);
CREATE UNIQUE INDEX uq_users_username_key ON users (username_key);
CREATE UNIQUE INDEX uq_users_email_key ON users (email_key);
CREATE INDEX ix_payment_methods_created_at ON payment_methods (created_at, id);
CREATE INDEX ix_payment_methods_name ON payment_methods (name);
CREATE INDEX ix_payment_methods_workspace ON payment_methods (workspace, created_at, id);
CREATE UNIQUE INDEX uq_payment_methods_live_name ON payment_methods (name) WHERE deleted_at IS NULL;
COMMIT;
