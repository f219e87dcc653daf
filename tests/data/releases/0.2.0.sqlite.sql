BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0010');
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
INSERT INTO "api_keys" VALUES('7ede5434b3a64235b4f2072fcf5143c5','admin','administrator','["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"]',NULL,'545ed10f3e6c9d900630167fd3d4ead3d19bd3eb03800f5a91087577eae64c60','2026-11-30 01:17:19.711098',NULL,'2026-11-30 01:17:20.106962',0,NULL,0,0);
INSERT INTO "api_keys" VALUES('c6c600e35c154cafb0647541f798c8a5','admin','shared runner','[]',NULL,'afa3235c1666c24190fddcf639d6973a3767cd17585664832aa66b89c76e72de','2026-11-30 01:17:19.714291',NULL,NULL,0,'98520496627d43e682dace499179ff3f',1,0);
INSERT INTO "api_keys" VALUES('c35e0595f24b44edb071511183d74472','platform','runner','["MANAGED_BUILDINGBLOCKRUN_SAVE"]',NULL,'33276d2bd8a264500f0a8bd09aaca8cbdb1d0ee24ef79a3a9423e466ddbf24c6','2026-11-30 01:17:20.358067',NULL,'2026-11-30 01:17:20.364830',0,NULL,0,0);
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
INSERT INTO "blocks" VALUES('5c6452e84ad047fd8be39ee1e4789b37','sample','sample','shop','platform','fe9fee5405c14c90808bb3a6716d9735','221c418b3ef2413d86b6bd3d077a2a19',1,'SUCCEEDED','ACTIVE',0,'CREATION','2026-11-30 01:17:20.245972','db72060a0abc48789adfed08136855e2',NULL,0,'{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','{"size":{"value":16,"type":"INTEGER"}}','{"size":{"value":16,"type":"INTEGER","isSensitive":false}}','2026-11-30 01:17:20.230803',NULL,NULL,NULL,2,'sample');
INSERT INTO "blocks" VALUES('1dbc1fff3560491a9982e3fe9dbe55e2','sample','sample','shop','platform','799311c7a0f64f3e8ee3327cde62012c','1904e34e92344ab99110dfb72237e27f',1,'PENDING','ACTIVE',0,'UPDATE','2026-11-30 01:17:20.577872','3f1d22ca426c4cf78929840bca23b03f',NULL,0,'{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','{"name":{"value":"invoices","type":"STRING"},"password":{"secret":{"hash":"sha256:a259b4f3370b77d55a46b2eb253af11323907dd8f64db99697705a5cfb55dcc7","sealed":"R5l2HDjMavUUI1Hs7e35GwpQ+XVXrZi9tptM534fpyc4PgxcpgNgHHIcMF0yv/N0+ETbcMkTm51ulFcElNBYu4jzfl4XV52KaGBiT8mGvGjkitezqwfMX9yaz2YuyTB7z6pXX6l3IHVD3XsZ7QgF2vSDwo/c48ha0fFKU8iFG/k0ZPCXNfgBHOCwSIm18SckRqNOMKQ+kqxVzRNM1ARJcY+m7f/mXGBUER2dUwfYSFyhp+YfbVCyl1/5AHtpraI5s2Xy0aMH6E+0OpVMhac8yPuUja0QWYnSb8sFZM+Fg9SZ2fN+n1F+ZbLu+fE/JZmMU8AYzZrJflD9t0HtTeVbvAAAAAycher1UhPKeAkcF/Vtea2e3nRVVNFTjCuJdvHs5vysonIcv4P0CPUcp4k=","key":"e2f553dafc2088dee6500243b872ac9b"},"type":"STRING"}}','{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}','2026-11-30 01:17:20.315571',NULL,NULL,NULL,5,'sample');
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
INSERT INTO "definition_versions" VALUES('221c418b3ef2413d86b6bd3d077a2a19','fe9fee5405c14c90808bb3a6716d9735','platform',1,'RELEASED','98520496627d43e682dace499179ff3f',NULL,'{"runnerRef":{"uuid":"98520496-627d-43e6-82da-ce499179ff3f","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0}},"outputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"NONE","displayOrder":0}},"implementation":{"type":"MANUAL","settings":{},"secrets":{}}}','2026-11-30 01:17:20.182861','2026-11-30 01:17:20.208793',2);
INSERT INTO "definition_versions" VALUES('1904e34e92344ab99110dfb72237e27f','799311c7a0f64f3e8ee3327cde62012c','platform',1,'RELEASED','d6432b795a7d42d8bdc9588070967bc3',NULL,'{"runnerRef":{"uuid":"d6432b79-5a7d-42d8-bdc9-588070967bc3","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"name":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0},"password":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":true,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":1}},"outputs":{"url":{"displayName":"Output","type":"STRING","assignmentType":"RESOURCE_URL","displayOrder":0}},"implementation":{"type":"TERRAFORM","settings":{"terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true},"secrets":{}}}','2026-11-30 01:17:20.287167','2026-11-30 01:17:20.304133',2);
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
INSERT INTO "definitions" VALUES('fe9fee5405c14c90808bb3a6716d9735','platform','Sample','WORKSPACE_LEVEL','{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}','{}','221c418b3ef2413d86b6bd3d077a2a19','221c418b3ef2413d86b6bd3d077a2a19','2026-11-30 01:17:20.182861',1);
INSERT INTO "definitions" VALUES('799311c7a0f64f3e8ee3327cde62012c','platform','Sample','WORKSPACE_LEVEL','{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}','{}','1904e34e92344ab99110dfb72237e27f','1904e34e92344ab99110dfb72237e27f','2026-11-30 01:17:20.287167',1);
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
INSERT INTO "events" VALUES('9e8366fa174945b6b84219506ed53874','2026-11-30 01:17:19.668305','Workspace Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshWorkspace','admin','','{"displayName":"Administration","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('0cacc454afb54794bf2622b4fa80c412','2026-11-30 01:17:19.709293','User Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}',NULL,'user','d95b15db-a1f7-45ff-8096-e3a1a1869911','','{"username":"admin","firstName":"","lastName":"","email":"","euid":null,"admin":true,"disabled":false}','null');
INSERT INTO "events" VALUES('3228e8ff402b45d48a9e94c90d57b6f2','2026-11-30 01:17:19.712018','API Key Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','','{"displayName":"administrator","permissions":["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('a83db293b9d14708be7da522824aed71','2026-11-30 01:17:19.714663','API Key Created','Created','System','system','{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}','admin','meshApiKey','c6c600e3-5c15-4caf-b064-7541f798c8a5','','{"displayName":"shared runner","permissions":[],"expiresAt":null,"runner":"98520496-627d-43e6-82da-ce499179ff3f"}','null');
INSERT INTO "events" VALUES('62b452ebff8848dead426ef747aea6ff','2026-11-30 01:17:20.117508','Workspace Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshWorkspace','platform','','{"displayName":"platform","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('237868bec6d346b5b84dc131b388ac40','2026-11-30 01:17:20.128151','Workspace Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshWorkspace','shop','','{"displayName":"shop","tags":{},"platformBuilderAccessEnabled":true}','null');
INSERT INTO "events" VALUES('e34a28dfd699450cb8962259dc0df390','2026-11-30 01:17:20.159813','Project Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshProject','shop.dev','','{"displayName":"Dev","tags":{},"paymentMethodIdentifier":null,"substitutePaymentMethodIdentifier":null}','null');
INSERT INTO "events" VALUES('09ff68603efc48e48f6ce5ddb419facd','2026-11-30 01:17:20.177502','Integration Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshIntegration','af103d7f-e96d-47af-84a3-7d996f6acbe7','','{"displayName":"GitLab","type":"gitlab","settings":{"baseUrl":"https://gitlab.example.test"},"runner":"98520496-627d-43e6-82da-ce499179ff3f","secret":null}','null');
INSERT INTO "events" VALUES('4cdd1bc276c547b991454a329fd75182','2026-11-30 01:17:20.189357','Building Block Definition Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinition','fe9fee54-05c1-4c90-808b-b3a6716d9735','','{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}','null');
INSERT INTO "events" VALUES('b4cb7c32766f4ab68e0933eea65a979a','2026-11-30 01:17:20.207445','Definition Version Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','221c418b-3ef2-413d-86b6-bd3d077a2a19','version 1 of ''Sample''','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO "events" VALUES('15a3502db512468f93c791e17bd77126','2026-11-30 01:17:20.218820','Definition Version Released','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','221c418b-3ef2-413d-86b6-bd3d077a2a19','version 1 of ''Sample''','{"versionNumber":1,"state":"RELEASED","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}');
INSERT INTO "events" VALUES('0ac9eef329a64ebea07d21d95319c0f0','2026-11-30 01:17:20.231786','Building Block Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','5c6452e8-4ad0-47fd-8be3-9ee1e4789b37','sample','{"displayName":"sample","definition":"fe9fee54-05c1-4c90-808b-b3a6716d9735","version":"221c418b-3ef2-413d-86b6-bd3d077a2a19","versionNumber":1,"parents":[],"inputs":["size"]}','null');
INSERT INTO "events" VALUES('ae0ba30325594510b87a3f310402c768','2026-11-30 01:17:20.239538','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','db72060a-0abc-4878-9adf-ed08136855e2','','{"buildingBlock":"5c6452e8-4ad0-47fd-8be3-9ee1e4789b37","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}','null');
INSERT INTO "events" VALUES('a04aa2ac66b447c29bbb4c2189698ccc','2026-11-30 01:17:20.251405','Building Block Run Finished','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','db72060a-0abc-4878-9adf-ed08136855e2','','{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}','null');
INSERT INTO "events" VALUES('73f4c1bf3033430ca7e9ca04f9d84588','2026-11-30 01:17:20.280267','Building Block Runner Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockRunner','d6432b79-5a7d-42d8-bdc9-588070967bc3','','{"displayName":"own runner","implementationType":"TERRAFORM","restriction":"PRIVATE","publicKey":"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua\nqLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/\nqmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3\n/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a\ngaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG\nH+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5\nxQIDAQAB\n-----END PUBLIC KEY-----\n"}','null');
INSERT INTO "events" VALUES('57fd2f3ab1cf45709aba75b7c8bffce6','2026-11-30 01:17:20.287932','Building Block Definition Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinition','799311c7-a0f6-4f3e-8ee3-327cde62012c','','{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}','null');
INSERT INTO "events" VALUES('94574ff3c0d14e34a08e6712b25cdf45','2026-11-30 01:17:20.303613','Definition Version Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','1904e34e-9234-4ab9-9110-dfb72237e27f','version 1 of ''Sample''','{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"d6432b79-5a7d-42d8-bdc9-588070967bc3","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"0f0e2ae7cd4583cdbfbab9d48faf4686c3515502895a553d5632e689740a5ae5"}','{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO "events" VALUES('1f160c370a7340faa2b925e8d1e0bf35','2026-11-30 01:17:20.307453','Definition Version Released','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshBuildingBlockDefinitionVersion','1904e34e-9234-4ab9-9110-dfb72237e27f','version 1 of ''Sample''','{"versionNumber":1,"state":"RELEASED","implementation":"TERRAFORM","runner":"d6432b79-5a7d-42d8-bdc9-588070967bc3","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"0f0e2ae7cd4583cdbfbab9d48faf4686c3515502895a553d5632e689740a5ae5"}','{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"d6432b79-5a7d-42d8-bdc9-588070967bc3","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"0f0e2ae7cd4583cdbfbab9d48faf4686c3515502895a553d5632e689740a5ae5"}');
INSERT INTO "events" VALUES('858c48efda4e4e2d9934f6c623024fa7','2026-11-30 01:17:20.315899','Building Block Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','1dbc1fff-3560-491a-9982-e3fe9dbe55e2','sample','{"displayName":"sample","definition":"799311c7-a0f6-4f3e-8ee3-327cde62012c","version":"1904e34e-9234-4ab9-9110-dfb72237e27f","versionNumber":1,"parents":[],"inputs":["name","password"]}','null');
INSERT INTO "events" VALUES('92799534eec0470faae202c0ff538c41','2026-11-30 01:17:20.316520','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd','','{"buildingBlock":"1dbc1fff-3560-491a-9982-e3fe9dbe55e2","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}','null');
INSERT INTO "events" VALUES('3ab985f43500482d980681c96b192b5e','2026-11-30 01:17:20.358470','API Key Created','Created','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','platform','meshApiKey','c35e0595-f24b-44ed-b071-511183d74472','','{"displayName":"runner","permissions":["MANAGED_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}','null');
INSERT INTO "events" VALUES('8fb606dad03340b3938506d0ffb80aff','2026-11-30 01:17:20.580361','Building Block Run Finished','Changed','ApiKey','run-6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd','{"type":"ApiKey","identifier":"run-6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd","displayName":"Run 6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd','','{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}','null');
INSERT INTO "events" VALUES('f05fc578c3fc4214a7c6c7bfc788f3d6','2026-11-30 01:17:20.628683','Building Block Modified','Changed','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlock','1dbc1fff-3560-491a-9982-e3fe9dbe55e2','sample','{"displayName":"sample","definition":"799311c7-a0f6-4f3e-8ee3-327cde62012c","version":"1904e34e-9234-4ab9-9110-dfb72237e27f","versionNumber":1,"parents":[],"inputs":["name","password"],"changedInputs":["password"]}','{"displayName":"sample","definition":"799311c7-a0f6-4f3e-8ee3-327cde62012c","version":"1904e34e-9234-4ab9-9110-dfb72237e27f","versionNumber":1,"parents":[],"inputs":["name","password"]}');
INSERT INTO "events" VALUES('6322cc481d28452485624eca246845a9','2026-11-30 01:17:20.629351','Building Block Run Requested','Requested','ApiKey','7ede5434-b3a6-4235-b4f2-072fcf5143c5','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','shop','meshBuildingBlockRun','3f1d22ca-426c-4cf7-8929-840bca23b03f','','{"buildingBlock":"1dbc1fff-3560-491a-9982-e3fe9dbe55e2","number":2,"behavior":"APPLY","reason":"BUILDING_BLOCK_INPUTS_UPDATE","status":"PENDING"}','null');
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
INSERT INTO "integrations" VALUES('af103d7fe96d47af84a37d996f6acbe7','platform','GitLab','gitlab','{"baseUrl":"https://gitlab.example.test"}','null','98520496627d43e682dace499179ff3f','2026-11-30 01:17:20.171561',0);
CREATE TABLE master_key_check (
	id INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_key_check PRIMARY KEY (id), 
	CONSTRAINT ck_master_key_check_only_one CHECK (id = 1)
);
INSERT INTO "master_key_check" VALUES(1,X'01E94CE4D7424311B7D495D3983C1F1FD8B11459DFF6BDC6CF0787204F');
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
INSERT INTO "projects" VALUES('e25dd5dcaacc4fe19a64344008571b7b','shop','dev','Dev','{}',NULL,NULL,'2026-11-30 01:17:20.151932',NULL,0);
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
INSERT INTO "run_attempts" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd',1,'4567c89bc341a7bc2e89d3b504649b83e00a66c7b9f24c453be52ee4782ae434','OFFICIAL',120.0,NULL,'2026-11-30 01:17:20.371443','2026-11-30 01:17:20.550046','2026-11-30 01:17:20.550046','2026-11-30 01:19:20.550046','ENDED');
CREATE TABLE run_documents (
	run_id CHAR(32) NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_run_documents PRIMARY KEY (run_id), 
	CONSTRAINT fk_run_documents_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_documents" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd','{"kind":"meshBuildingBlockRun","apiVersion":"v1","metadata":{"uuid":"6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd","createdOn":"2026-11-30T01:17:20Z"},"spec":{"runNumber":1,"behavior":"APPLY","buildingBlock":{"uuid":"1dbc1fff-3560-491a-9982-e3fe9dbe55e2","spec":{"displayName":"sample","workspaceIdentifier":"shop","projectIdentifier":null,"fullPlatformIdentifier":null,"inputs":[{"key":"name","type":"STRING","isSensitive":false,"isEnvironment":false,"value":"invoices"},{"key":"password","type":"STRING","isSensitive":true,"isEnvironment":false,"value":"fztxyHi9Mh2tsvMtT9Big9SQD+2QpuvMNpMm7yOmGyQ6ICgDQxYmByAxjLoOInHYv0byPiqcQ5xDSgcRs/hy2Ue61TLa2loYFqdRLFpmQiP0461xAwB0zdPJYYjlIHdGzXLJMSAgWaP44BDAHLgc6Cqya4SrI8X1EnF1/yKu026Ck+BvKUGsZBOqhXXK+ijxWs1Kb/+iLpCx9eY977yH5MQgZoZ4t91YGBWKs4YXWiAVVSm9Sm7Xw1vYS+GV88mTkdLXGQolC9uSOMZQb07XR4QlNpX5HWSyEn2lLYrDK+UCTU5EjZza9GsSioTNYO/UNQW/TYIRcd6vXJttg2koOwAAAAz3eyVDGkLhpPhdUVkaZVdt35b7fDWqQyn5F7WIF5dog2htegXYInMnTA==","hash":"sha256:2d55bbc3ecb1020ff182143f52defc854b786212360921f8d07d91619466ad8a"},{"key":"MESHSTACK_ENDPOINT","value":"http://127.0.0.1:38775","type":"STRING","isSensitive":false,"isEnvironment":true}],"parentBuildingBlocks":[]}},"buildingBlockDefinition":{"uuid":"799311c7-a0f6-4f3e-8ee3-327cde62012c","spec":{"workspaceIdentifier":"platform","version":1,"implementation":{"type":"TERRAFORM","terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true}}},"trigger":{"reason":"BUILDING_BLOCK_CREATION","author":{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}}},"status":"IN_PROGRESS","_links":{"self":{"href":"http://127.0.0.1:38775/api/meshobjects/meshbuildingblockruns/6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd"},"registerSource":{"href":"http://127.0.0.1:38775/api/meshobjects/meshbuildingblockruns/6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd/status/source"},"updateSource":{"href":"http://127.0.0.1:38775/api/meshobjects/meshbuildingblockruns/6aa38d65-4ba9-4ab5-bc67-d1a4fc91cddd/status/source/{sourceId}","templated":true},"meshstackBaseUrl":{"href":"http://127.0.0.1:38775"}}}');
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
INSERT INTO "run_log_chunks" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd',5,1,'own','execute_tf',0,X'6372656174656420746865206275636B6574');
CREATE TABLE run_outputs (
	run_id CHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	outputs TEXT NOT NULL, 
	CONSTRAINT pk_run_outputs PRIMARY KEY (run_id, attempt), 
	CONSTRAINT fk_run_outputs_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_outputs" VALUES('db72060a0abc48789adfed08136855e2',0,'{"size":{"value":16,"type":"INTEGER","isSensitive":false}}');
INSERT INTO "run_outputs" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd',1,'{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}');
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
INSERT INTO "run_sources" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd',1,'own',0,NULL,NULL);
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
INSERT INTO "run_steps" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd',1,'own','execute_tf',0,'Apply','SUCCEEDED',NULL,'2026-11-30 01:17:20.553442','2026-11-30 01:17:20.553442',18,X'','72cb39b7cfc327c891dfc72abb851be6fb718eaa6f5edc401e79aa2f25f7030d',4);
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
','ALL','PUBLIC',0,'null','2026-11-30 01:17:19.713333',NULL,0,2,NULL);
INSERT INTO "runners" VALUES('d6432b795a7d42d8bdc9588070967bc3','platform','own runner','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua
qLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/
qmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3
/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a
gaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG
H+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5
xQIDAQAB
-----END PUBLIC KEY-----
','TERRAFORM','PRIVATE',1,'null','2026-11-30 01:17:20.279760','2026-11-30 01:17:20.371443',0,0,'2026-11-30 01:17:20.371443');
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
INSERT INTO "runs" VALUES('db72060a0abc48789adfed08136855e2',1,'5c6452e84ad047fd8be39ee1e4789b37','sample','shop','platform','fe9fee5405c14c90808bb3a6716d9735','221c418b3ef2413d86b6bd3d077a2a19',1,'98520496627d43e682dace499179ff3f','admin','MANUAL',0,'APPLY','BUILDING_BLOCK_CREATION','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 01:17:20.238547','2026-11-30 01:17:20.238547','SUCCEEDED',0,0,NULL,NULL,'2026-11-30 01:17:20.245972',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',2,2,0,1);
INSERT INTO "runs" VALUES('6aa38d654ba94ab5bc67d1a4fc91cddd',1,'1dbc1fff3560491a9982e3fe9dbe55e2','sample','shop','platform','799311c7a0f64f3e8ee3327cde62012c','1904e34e92344ab99110dfb72237e27f',1,'d6432b795a7d42d8bdc9588070967bc3','platform','TERRAFORM',0,'APPLY','BUILDING_BLOCK_CREATION','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 01:17:20.316321','2026-11-30 01:17:20.316321','SUCCEEDED',1,0,NULL,'2026-11-30 01:17:20.371443','2026-11-30 01:17:20.577872',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',6,6,18,2);
INSERT INTO "runs" VALUES('3f1d22ca426c4cf78929840bca23b03f',2,'1dbc1fff3560491a9982e3fe9dbe55e2','sample','shop','platform','799311c7a0f64f3e8ee3327cde62012c','1904e34e92344ab99110dfb72237e27f',1,'d6432b795a7d42d8bdc9588070967bc3','platform','TERRAFORM',0,'APPLY','BUILDING_BLOCK_INPUTS_UPDATE','{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}','2026-11-30 01:17:20.629058','2026-11-30 01:17:20.629058','PENDING',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',1,1,0,0);
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
INSERT INTO "sign_in_links" VALUES('0c76c43ccc52752e6b341008497d0440cffe94d8eb137fda3feaef687490f6ec','d95b15dba1f745ff8096e3a1a1869911',0,'2026-11-30 01:32:19.719896');
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
INSERT INTO "state_versions" VALUES('1dbc1fff3560491a9982e3fe9dbe55e2',1,1,'3f9e','c7b370150775a3c892b7601c74238a41',174,'2026-11-30 01:17:20.532934','run 1','6aa38d654ba94ab5bc67d1a4fc91cddd',1,1,X'01260C9E3953FA06D2C1BD1BBFED51B3B0E3BB4431EBDDA0678458F88D5418FA29AD595793899A76452BDCCCC35D5E322BA9DB0E77365E574E2BA3761E92456D4D55766A414670367F520F7B5B59396A96B4E0C61B7B8814FBFAA051FEF07B9E9150C5613E5BA0E9A3131ACA431A9347E1FF9A718F25BDC2E433E9215931634C970D5644DB81FCACECB83D9A32E66D505560B94122FD0E21FEE863A80FED6805D1F1CCF812');
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
INSERT INTO "users" VALUES('d95b15dba1f745ff8096e3a1a1869911','admin','','','',NULL,'$argon2id$v=19$m=19456,t=2,p=1$rClUGqVS5XYMNro+gDOBQw$fGDUMofurBcETmT7ABwjaCcgQdJW6XEYc3JsURvpAak',1,0,'2026-11-30 01:17:19.707782',0,0,0,'admin',NULL);
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
INSERT INTO "workspaces" VALUES('admin','Administration','{}',1,'2026-11-30 01:17:19.667609',NULL,0);
INSERT INTO "workspaces" VALUES('platform','platform','{}',1,'2026-11-30 01:17:20.117081',NULL,0);
INSERT INTO "workspaces" VALUES('shop','shop','{}',1,'2026-11-30 01:17:20.127849',NULL,0);
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
COMMIT;
