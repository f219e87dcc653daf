BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
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
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id)
);
INSERT INTO "api_keys" VALUES('7ede5434b3a64235b4f2072fcf5143c5','admin','administrator','["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"]',NULL,'545ed10f3e6c9d900630167fd3d4ead3d19bd3eb03800f5a91087577eae64c60','2026-11-30 01:58:38.734599',NULL,'2026-11-30 01:58:39.739751',0);
INSERT INTO "api_keys" VALUES('c6c600e35c154cafb0647541f798c8a5','admin','shared runner','["ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE"]',NULL,'afa3235c1666c24190fddcf639d6973a3767cd17585664832aa66b89c76e72de','2026-11-30 01:58:38.742315',NULL,NULL,0);
INSERT INTO "api_keys" VALUES('1ab5e73d56564648b83ee3fc48a4daf7','platform','runner','["MANAGED_BUILDINGBLOCKRUN_SAVE"]',NULL,'fd4eac03e9b593fadd608ddc44110e23015d0802f430b1b4aac96018041c4366','2026-11-30 01:58:39.922857',NULL,'2026-11-30 01:58:39.926652',0);
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
INSERT INTO "blocks" VALUES('9b51a0c0eb514d3d9409e4db2c3c399a','sample','sample','shop','platform','7bc641cf60b94cf29e09c4edb6a7062f','ad038dc4f58e4e35875d09f13664ed5e',1,'SUCCEEDED','ACTIVE',0,'CREATION','2026-11-30 01:58:39.851431','a1d2e90172924e39bff31b48ada14e03',NULL,0,'{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','{"size":{"value":16,"type":"INTEGER"}}','{"size":{"value":16,"type":"INTEGER","isSensitive":false}}','2026-11-30 01:58:39.844479',NULL,NULL,NULL,2,'sample');
INSERT INTO "blocks" VALUES('1ebacfac388241798c78e2a7a5606346','sample','sample','shop','platform','3249edb845ea4cdcbfa4e2ab61415fba','a071dc9c4d974aa2bac647fe28d11849',1,'PENDING','ACTIVE',0,'UPDATE','2026-11-30 01:58:40.037692','053b802ac6b0481896388703df5c13c6',NULL,0,'{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','{"name":{"value":"invoices","type":"STRING"},"password":{"secret":{"hash":"sha256:2261ac997b4311bfbf48d1637f69a6a9897031c08b2c1595956c19430aba57f6","sealed":"NFnE0l4s+mkp/ya1J/6AOUoHGtJtNNAECaO2P+edQhadK2/97eLBs47Hp05O/cRIwG0O7Rs+G51zvssMKYSXTu4KegTl07fRCdTa/gA6L2fQ1TBBW/sbT2U8XqaB1YXvSObhZbEWK8DN5YIOxl5+JtTkoSY9G3XlStJ/1jJwoilU6xuuCPtH+zM0fRuIAjgPNNwbcnnb8CxmpGp9LZtNNZjnZzYLufj2R85icw1X1Dt2QA7q6rewf1Zx9fPlXMm4Y/SBag3alKHbHvIHD/JIibGVeadzACOKwzm7UEE6T5SGbLjaWvCi9V+IaxxSVFvczgg/D2MtjlxbNkJUrt1LhAAAAAxHZBtkwvm2On5WsrG4UcTzKNq8he/OWf2YIMoPovH+cbiEkI5jTJZv5SE=","key":"e2f553dafc2088dee6500243b872ac9b"},"type":"STRING"}}','{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}','2026-11-30 01:58:39.899482',NULL,NULL,NULL,5,'sample');
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
INSERT INTO "definition_versions" VALUES('ad038dc4f58e4e35875d09f13664ed5e','7bc641cf60b94cf29e09c4edb6a7062f','platform',1,'RELEASED','98520496627d43e682dace499179ff3f',NULL,'{"runnerRef":{"uuid":"98520496-627d-43e6-82da-ce499179ff3f","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0}},"outputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"NONE","displayOrder":0}},"implementation":{"type":"MANUAL","settings":{},"secrets":{}}}','2026-11-30 01:58:39.823215','2026-11-30 01:58:39.836434',2);
INSERT INTO "definition_versions" VALUES('a071dc9c4d974aa2bac647fe28d11849','3249edb845ea4cdcbfa4e2ab61415fba','platform',1,'RELEASED','18228962e1e2458bbf56b9e555cf78e8',NULL,'{"runnerRef":{"uuid":"18228962-e1e2-458b-bf56-b9e555cf78e8","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"name":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0},"password":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":true,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":1}},"outputs":{"url":{"displayName":"Output","type":"STRING","assignmentType":"RESOURCE_URL","displayOrder":0}},"implementation":{"type":"TERRAFORM","settings":{"terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true},"secrets":{}}}','2026-11-30 01:58:39.881957','2026-11-30 01:58:39.891779',2);
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
INSERT INTO "definitions" VALUES('7bc641cf60b94cf29e09c4edb6a7062f','platform','Sample','WORKSPACE_LEVEL','{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}','{}','ad038dc4f58e4e35875d09f13664ed5e','ad038dc4f58e4e35875d09f13664ed5e','2026-11-30 01:58:39.823215',1);
INSERT INTO "definitions" VALUES('3249edb845ea4cdcbfa4e2ab61415fba','platform','Sample','WORKSPACE_LEVEL','{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}','{}','a071dc9c4d974aa2bac647fe28d11849','a071dc9c4d974aa2bac647fe28d11849','2026-11-30 01:58:39.881957',1);
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
INSERT INTO "events" VALUES('0a6ce2114b804c7787ccc4c367fd450f','2026-11-30 01:58:38.647055','Workspace Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshWorkspace','admin','','{"displayName":"Administration","tags":{},"platformBuilderAccessEnabled":false}','null');
INSERT INTO "events" VALUES('861a95c4dd314e66a4af361320f49aed','2026-11-30 01:58:38.727794','User Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}',NULL,'user','78ebe032-6612-4efd-b487-af476c1c1a14','','{"username":"admin","firstName":"","lastName":"","email":"","euid":null,"admin":true,"disabled":false}','null');
INSERT INTO "events" VALUES('8b7ae725a98646edb9123a6f61b065ac','2026-11-30 01:58:38.735368','API Key Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','','{"displayName":"administrator","permissions":["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('9c64b1425a06428f8b74c71d3e3359f0','2026-11-30 01:58:38.742601','API Key Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshApiKey','c6c600e3-5c15-4caf-b064-7541f798c8a5','','{"displayName":"shared runner","permissions":["ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('14eec4971e804d07abc5e7b50c62d00c','2026-11-30 01:58:39.778344','Workspace Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshWorkspace','platform','','{"displayName":"platform","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('b239ec7fc47b42b78be36f3bd9b27307','2026-11-30 01:58:39.802710','Workspace Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshWorkspace','shop','','{"displayName":"shop","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('fb00fc029646420696634f329f7c2586','2026-11-30 01:58:39.810993','Project Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshProject','shop.dev','','{"displayName":"Dev","tags":{},"paymentMethodIdentifier":null,"substitutePaymentMethodIdentifier":null}','null');
INSERT INTO "events" VALUES('f0603c5e78294ad78900df217613a504','2026-11-30 01:58:39.818683','Integration Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshIntegration','9426cefe-5312-4b16-8afe-e3bd2005ac6c','','{"displayName":"GitLab","type":"gitlab","settings":{"baseUrl":"https://gitlab.example.test"},"runner":"98520496-627d-43e6-82da-ce499179ff3f","secret":null}','null');
INSERT INTO "events" VALUES('591a7f3b9ff7414e81c0743ffa991e67','2026-11-30 01:58:39.825374','Building Block Definition Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinition','7bc641cf-60b9-4cf2-9e09-c4edb6a7062f','','{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}','null');
INSERT INTO "events" VALUES('fc6c502f7c0a4126ac21206fe7d80115','2026-11-30 01:58:39.835204','Definition Version Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','ad038dc4-f58e-4e35-875d-09f13664ed5e','version 1 of ''Sample''','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO "events" VALUES('ad6314db3a1f4cd2a5383965c2a72d3c','2026-11-30 01:58:39.838171','Definition Version Released','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','ad038dc4-f58e-4e35-875d-09f13664ed5e','version 1 of ''Sample''','{"versionNumber":1,"state":"RELEASED","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}');
INSERT INTO "events" VALUES('9854e7e4f3254ab996fc54dc88a84489','2026-11-30 01:58:39.845485','Building Block Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','9b51a0c0-eb51-4d3d-9409-e4db2c3c399a','sample','{"displayName":"sample","definition":"7bc641cf-60b9-4cf2-9e09-c4edb6a7062f","version":"ad038dc4-f58e-4e35-875d-09f13664ed5e","versionNumber":1,"parents":[],"inputs":["size"]}','null');
INSERT INTO "events" VALUES('816b5ac59beb423095ec5409d73fec95','2026-11-30 01:58:39.848958','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','a1d2e901-7292-4e39-bff3-1b48ada14e03','','{"buildingBlock":"9b51a0c0-eb51-4d3d-9409-e4db2c3c399a","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}','null');
INSERT INTO "events" VALUES('7497ccd2ed8d4f0ebd49d3032d255a8b','2026-11-30 01:58:39.856997','Building Block Run Finished','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','a1d2e901-7292-4e39-bff3-1b48ada14e03','','{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}','null');
INSERT INTO "events" VALUES('2c65bd051a7240718504e3a8b4c47d09','2026-11-30 01:58:39.877972','Building Block Runner Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockRunner','18228962-e1e2-458b-bf56-b9e555cf78e8','','{"displayName":"own runner","implementationType":"TERRAFORM","restriction":"PRIVATE","publicKey":"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua\nqLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/\nqmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3\n/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a\ngaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG\nH+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5\nxQIDAQAB\n-----END PUBLIC KEY-----\n"}','null');
INSERT INTO "events" VALUES('39e56ec296da4178aa51c9d39fdce855','2026-11-30 01:58:39.882762','Building Block Definition Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinition','3249edb8-45ea-4cdc-bfa4-e2ab61415fba','','{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}','null');
INSERT INTO "events" VALUES('e47e43f7b7304d69b3f3ddc6ce30f8aa','2026-11-30 01:58:39.891287','Definition Version Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','a071dc9c-4d97-4aa2-bac6-47fe28d11849','version 1 of ''Sample''','{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"18228962-e1e2-458b-bf56-b9e555cf78e8","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"5f214e0a1274fb2d42245f6f465d7269e5cd526921c1118cb1ae6db6d0ab7a70"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO "events" VALUES('1086d768e20f4a669f115d17a93d3962','2026-11-30 01:58:39.892755','Definition Version Released','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','a071dc9c-4d97-4aa2-bac6-47fe28d11849','version 1 of ''Sample''','{"versionNumber":1,"state":"RELEASED","implementation":"TERRAFORM","runner":"18228962-e1e2-458b-bf56-b9e555cf78e8","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"5f214e0a1274fb2d42245f6f465d7269e5cd526921c1118cb1ae6db6d0ab7a70"}','{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"18228962-e1e2-458b-bf56-b9e555cf78e8","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"5f214e0a1274fb2d42245f6f465d7269e5cd526921c1118cb1ae6db6d0ab7a70"}');
INSERT INTO "events" VALUES('ce1a00f142e54a29b9912b0a17d02961','2026-11-30 01:58:39.899823','Building Block Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','1ebacfac-3882-4179-8c78-e2a7a5606346','sample','{"displayName":"sample","definition":"3249edb8-45ea-4cdc-bfa4-e2ab61415fba","version":"a071dc9c-4d97-4aa2-bac6-47fe28d11849","versionNumber":1,"parents":[],"inputs":["name","password"]}','null');
INSERT INTO "events" VALUES('c813990d881a4669b6c4b73cfbd64fc0','2026-11-30 01:58:39.900434','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','fc874c4e-6d7c-426e-a8ab-dc386b16ffb4','','{"buildingBlock":"1ebacfac-3882-4179-8c78-e2a7a5606346","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}','null');
INSERT INTO "events" VALUES('5e4fc0899ebc420890c89c850e873abd','2026-11-30 01:58:39.923295','API Key Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshApiKey','1ab5e73d-5656-4648-b83e-e3fc48a4daf7','','{"displayName":"runner","permissions":["MANAGED_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('6899b6c6bae64b16a024c69729064070','2026-11-30 01:58:40.040371','Building Block Run Finished','Changed','ApiKey','run-fc874c4e-6d7c-426e-a8ab-dc386b16ffb4','{"type":"ApiKey","identifier":"run-fc874c4e-6d7c-426e-a8ab-dc386b16ffb4","displayName":"Run fc874c4e-6d7c-426e-a8ab-dc386b16ffb4","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','fc874c4e-6d7c-426e-a8ab-dc386b16ffb4','','{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}','null');
INSERT INTO "events" VALUES('83bdf7cec45c43019ef8279523bebf7b','2026-11-30 01:58:40.070079','Building Block Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','1ebacfac-3882-4179-8c78-e2a7a5606346','sample','{"displayName":"sample","definition":"3249edb8-45ea-4cdc-bfa4-e2ab61415fba","version":"a071dc9c-4d97-4aa2-bac6-47fe28d11849","versionNumber":1,"parents":[],"inputs":["name","password"],"changedInputs":["password"]}','{"displayName":"sample","definition":"3249edb8-45ea-4cdc-bfa4-e2ab61415fba","version":"a071dc9c-4d97-4aa2-bac6-47fe28d11849","versionNumber":1,"parents":[],"inputs":["name","password"]}');
INSERT INTO "events" VALUES('373f07e7bc9b4ecb80384bac9294c7be','2026-11-30 01:58:40.070749','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','053b802a-c6b0-4818-9638-8703df5c13c6','','{"buildingBlock":"1ebacfac-3882-4179-8c78-e2a7a5606346","number":2,"behavior":"APPLY","reason":"BUILDING_BLOCK_INPUTS_UPDATE","status":"PENDING"}','null');
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
INSERT INTO "integrations" VALUES('9426cefe53124b168afee3bd2005ac6c','platform','GitLab','gitlab','{"baseUrl":"https://gitlab.example.test"}','null','98520496627d43e682dace499179ff3f','2026-11-30 01:58:39.815943',0);
CREATE TABLE master_key_check (
	id INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_key_check PRIMARY KEY (id), 
	CONSTRAINT ck_master_key_check_only_one CHECK (id = 1)
);
INSERT INTO "master_key_check" VALUES(1,X'014F4844C8EF8E707F4BF7F8B535944E8BB6544C9F0A4C88E5FF16BE21');
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
INSERT INTO "projects" VALUES('69f04b964a174413bc673d4435b3c765','shop','dev','Dev','{}',NULL,NULL,'2026-11-30 01:58:39.810046',NULL,0);
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
INSERT INTO "run_attempts" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4',1,'4f14735cc2e1d1a2b12290d2d0f9bd44bb52ef44ecb98d883552d364e3eec818','OFFICIAL',120.0,NULL,'2026-11-30 01:58:39.930582','2026-11-30 01:58:40.033491','2026-11-30 01:58:40.033491','2026-11-30 02:00:40.033491','ENDED');
CREATE TABLE run_documents (
	run_id CHAR(32) NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_run_documents PRIMARY KEY (run_id), 
	CONSTRAINT fk_run_documents_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_documents" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4','{"kind":"meshBuildingBlockRun","apiVersion":"v1","metadata":{"uuid":"fc874c4e-6d7c-426e-a8ab-dc386b16ffb4","createdOn":"2026-11-30T01:58:39Z"},"spec":{"runNumber":1,"behavior":"APPLY","buildingBlock":{"uuid":"1ebacfac-3882-4179-8c78-e2a7a5606346","spec":{"displayName":"sample","workspaceIdentifier":"shop","projectIdentifier":null,"fullPlatformIdentifier":null,"inputs":[{"key":"name","value":"invoices","type":"STRING","isSensitive":false,"isEnvironment":false},{"key":"password","value":"iiJFUsbEwm/B8XK4a3ZGvcLXgjhiFCqnJnOe54sLpw6lgEAVUxTD0Q/467KyCzCYcpx+1dLZnShG8SqmD1HVGzwTfA9h7zAy7cO/Xg2ukj3RljROoFtGy5HmigqT5Ba4KApcnLvIu/C9opUxN+qGZLBg+RVbRDU8kN3/fI9G51fjA+aPg12L8Sfx11iE/xfZt9oOgk2RfSgJIGas9jdM/FE9OESBdK5S/VgYaLbIbPrxGQYEqURKR0pFY8Fphk7kad0IsO0En87grSq//ByVM454KmLXKTALPcmJ6eMBjFiG4zekoTlW9BJZrDtkdXsiEQSxI3VhQUtFLgQQbx2S8QAAAAzlgEXm6Oa3ZiTWhMyPyRlF/Ua4IEKZ7ysazIj98x4GswguRbuHe59+qQ==","type":"STRING","isSensitive":true,"isEnvironment":false},{"key":"MESHSTACK_ENDPOINT","value":"http://127.0.0.1:36741","type":"STRING","isSensitive":false,"isEnvironment":true}],"parentBuildingBlocks":[]}},"buildingBlockDefinition":{"uuid":"3249edb8-45ea-4cdc-bfa4-e2ab61415fba","spec":{"workspaceIdentifier":"platform","version":1,"implementation":{"type":"TERRAFORM","terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true}}},"trigger":{"reason":"BUILDING_BLOCK_CREATION","author":{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}}},"status":"IN_PROGRESS","_links":{"self":{"href":"http://127.0.0.1:36741/api/meshobjects/meshbuildingblockruns/fc874c4e-6d7c-426e-a8ab-dc386b16ffb4"},"registerSource":{"href":"http://127.0.0.1:36741/api/meshobjects/meshbuildingblockruns/fc874c4e-6d7c-426e-a8ab-dc386b16ffb4/status/source"},"updateSource":{"href":"http://127.0.0.1:36741/api/meshobjects/meshbuildingblockruns/fc874c4e-6d7c-426e-a8ab-dc386b16ffb4/status/source/{sourceId}","templated":true},"meshstackBaseUrl":{"href":"http://127.0.0.1:36741"}}}');
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
INSERT INTO "run_log_chunks" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4',5,1,'own','execute_tf',0,X'6372656174656420746865206275636B6574');
CREATE TABLE run_outputs (
	run_id CHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	outputs TEXT NOT NULL, 
	CONSTRAINT pk_run_outputs PRIMARY KEY (run_id, attempt), 
	CONSTRAINT fk_run_outputs_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_outputs" VALUES('a1d2e90172924e39bff31b48ada14e03',0,'{"size":{"value":16,"type":"INTEGER","isSensitive":false}}');
INSERT INTO "run_outputs" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4',1,'{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}');
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
INSERT INTO "run_sources" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4',1,'own',0,NULL,NULL);
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
INSERT INTO "run_steps" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4',1,'own','execute_tf',0,'Apply','SUCCEEDED',NULL,'2026-11-30 01:58:40.034130','2026-11-30 01:58:40.034130',18,X'','72cb39b7cfc327c891dfc72abb851be6fb718eaa6f5edc401e79aa2f25f7030d',4);
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
	revision INTEGER NOT NULL, 
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
','ALL','PUBLIC',0,'null','2026-11-30 01:58:38.737052',NULL,0);
INSERT INTO "runners" VALUES('18228962e1e2458bbf56b9e555cf78e8','platform','own runner','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua
qLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/
qmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3
/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a
gaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG
H+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5
xQIDAQAB
-----END PUBLIC KEY-----
','TERRAFORM','PRIVATE',1,'null','2026-11-30 01:58:39.877334','2026-11-30 01:58:39.930582',0);
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
INSERT INTO "runs" VALUES('a1d2e90172924e39bff31b48ada14e03',1,'9b51a0c0eb514d3d9409e4db2c3c399a','sample','shop','platform','7bc641cf60b94cf29e09c4edb6a7062f','ad038dc4f58e4e35875d09f13664ed5e',1,'98520496627d43e682dace499179ff3f','admin','MANUAL',0,'APPLY','BUILDING_BLOCK_CREATION','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 01:58:39.848026','2026-11-30 01:58:39.848026','SUCCEEDED',0,0,NULL,NULL,'2026-11-30 01:58:39.851431',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',2,2,0,1);
INSERT INTO "runs" VALUES('fc874c4e6d7c426ea8abdc386b16ffb4',1,'1ebacfac388241798c78e2a7a5606346','sample','shop','platform','3249edb845ea4cdcbfa4e2ab61415fba','a071dc9c4d974aa2bac647fe28d11849',1,'18228962e1e2458bbf56b9e555cf78e8','platform','TERRAFORM',0,'APPLY','BUILDING_BLOCK_CREATION','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 01:58:39.900225','2026-11-30 01:58:39.900225','SUCCEEDED',1,0,NULL,'2026-11-30 01:58:39.930582','2026-11-30 01:58:40.037692',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',6,6,18,2);
INSERT INTO "runs" VALUES('053b802ac6b0481896388703df5c13c6',2,'1ebacfac388241798c78e2a7a5606346','sample','shop','platform','3249edb845ea4cdcbfa4e2ab61415fba','a071dc9c4d974aa2bac647fe28d11849',1,'18228962e1e2458bbf56b9e555cf78e8','platform','TERRAFORM',0,'APPLY','BUILDING_BLOCK_INPUTS_UPDATE','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 01:58:40.070460','2026-11-30 01:58:40.070460','PENDING',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',1,1,0,0);
CREATE TABLE sessions (
	token_hash VARCHAR(64) NOT NULL, 
	user_id CHAR(32) NOT NULL, 
	epoch INTEGER NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
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
INSERT INTO "state_versions" VALUES('1ebacfac388241798c78e2a7a5606346',1,1,'3f9e','c7b370150775a3c892b7601c74238a41',174,'2026-11-30 01:58:40.028802','run 1','fc874c4e6d7c426ea8abdc386b16ffb4',1,1,X'018ABC28311FBF08A2A9EDF6B1E2B6E4A292C6F31B14EB77F64520D84C80D4E98BE582C0809A0EE12EB69AAC10FC0BC74F404F11F505F90560FDD44DB85FD45741B433E65711A96F2E8EC81110A1150FF7F5BE3427E0B4F92F5A8561397816633B9FEEBE8F3C35630409220D27A40566510145F2C6D38D45A5CB4695687E4B90C3DD6C9DA7CC7DA83D37A9D31C6ED1AC2658E89BDDE3E3BF0F200EAA7A698989A2FE7DCAD0');
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
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_username UNIQUE (username)
);
INSERT INTO "users" VALUES('78ebe03266124efdb487af476c1c1a14','admin','','','',NULL,'$argon2id$v=19$m=19456,t=2,p=1$NH0CM9b6ecpxGI3j6W/RYg$f+UJr4yEBXzu1YG7PIUOdt2iEa0Usegx7cnUCw4k0KA',1,0,'2026-11-30 01:58:38.726181',0,0);
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
INSERT INTO "workspaces" VALUES('admin','Administration','{}',0,'2026-11-30 01:58:38.646191',NULL,0);
INSERT INTO "workspaces" VALUES('platform','platform','{}',1,'2026-11-30 01:58:39.777956',NULL,0);
INSERT INTO "workspaces" VALUES('shop','shop','{}',1,'2026-11-30 01:58:39.802364',NULL,0);
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
COMMIT;
