


SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;


CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);



CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    permissions text NOT NULL,
    expires_at date,
    secret_hash character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    last_login_at timestamp with time zone,
    revision integer NOT NULL
);



CREATE TABLE public.block_parents (
    child_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    definition_id uuid NOT NULL,
    "position" integer NOT NULL
);



CREATE TABLE public.blocks (
    id uuid NOT NULL,
    display_name character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    workspace character varying(64) NOT NULL,
    provider character varying(64) NOT NULL,
    definition_id uuid NOT NULL,
    version_id uuid NOT NULL,
    version_number integer NOT NULL,
    status character varying(40) NOT NULL,
    lifecycle character varying(24) NOT NULL,
    force_purge boolean NOT NULL,
    operation character varying(10),
    applied_at timestamp with time zone,
    latest_run_id uuid,
    latest_dry_run_id uuid,
    rerun_due boolean NOT NULL,
    author text NOT NULL,
    inputs text NOT NULL,
    outputs text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    marked_for_deletion_at timestamp with time zone,
    marked_for_deletion_by character varying(255),
    deleted_at timestamp with time zone,
    revision integer NOT NULL,
    sort_name character varying(255) DEFAULT ''::character varying NOT NULL
);



CREATE TABLE public.definition_version_dependencies (
    version_id uuid NOT NULL,
    definition_id uuid NOT NULL
);



CREATE TABLE public.definition_versions (
    id uuid NOT NULL,
    definition_id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    number integer NOT NULL,
    state character varying(16) NOT NULL,
    runner_id uuid NOT NULL,
    integration_id uuid,
    content text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    revision integer NOT NULL
);



CREATE TABLE public.definitions (
    id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    target_type character varying(16) NOT NULL,
    spec text NOT NULL,
    tags text NOT NULL,
    latest_version_id uuid NOT NULL,
    released_version_id uuid,
    created_at timestamp with time zone NOT NULL,
    revision integer NOT NULL
);



CREATE TABLE public.events (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    title character varying(255) NOT NULL,
    type character varying(20) NOT NULL,
    author_type character varying(20) NOT NULL,
    author_identifier character varying(255) NOT NULL,
    author text NOT NULL,
    workspace character varying(255),
    subject_kind character varying(64) NOT NULL,
    subject_id character varying(255) NOT NULL,
    description text NOT NULL,
    content text,
    previous text
);



CREATE TABLE public.group_members (
    group_name character varying(255) NOT NULL,
    user_id uuid NOT NULL,
    username character varying(255) NOT NULL
);



CREATE TABLE public.groups (
    name character varying(255) NOT NULL,
    display_name character varying(255) NOT NULL
);



CREATE TABLE public.idempotency_keys (
    scope character varying(64) NOT NULL,
    body_digest character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    took_effect boolean NOT NULL,
    status integer,
    answer bytea
);



CREATE TABLE public.integrations (
    id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    type character varying(16) NOT NULL,
    settings text NOT NULL,
    secret text NOT NULL,
    runner_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revision integer NOT NULL
);



CREATE TABLE public.master_key_check (
    id integer NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT ck_master_key_check_only_one CHECK ((id = 1))
);



CREATE TABLE public.projects (
    id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    name character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    tags text NOT NULL,
    payment_method character varying(255),
    substitute_payment_method character varying(255),
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    revision integer NOT NULL
);



CREATE TABLE public.run_artifacts (
    run_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    data bytea NOT NULL
);



CREATE TABLE public.run_attempts (
    run_id uuid NOT NULL,
    number integer NOT NULL,
    token_hash character varying(64) NOT NULL,
    claimer character varying(10) NOT NULL,
    lease_seconds double precision,
    node_id text,
    claimed_at timestamp with time zone NOT NULL,
    registered_at timestamp with time zone,
    last_sign_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state character varying(10) NOT NULL
);



CREATE TABLE public.run_documents (
    run_id uuid NOT NULL,
    document text NOT NULL
);



CREATE TABLE public.run_log_chunks (
    run_id uuid NOT NULL,
    sequence integer NOT NULL,
    attempt integer NOT NULL,
    source character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    "offset" bigint NOT NULL,
    data bytea NOT NULL
);



CREATE TABLE public.run_outputs (
    run_id uuid NOT NULL,
    attempt integer NOT NULL,
    outputs text NOT NULL
);



CREATE TABLE public.run_sources (
    run_id uuid NOT NULL,
    attempt integer NOT NULL,
    source character varying(255) NOT NULL,
    "position" integer NOT NULL,
    external_run_id text,
    external_run_url text
);



CREATE TABLE public.run_steps (
    run_id uuid NOT NULL,
    attempt integer NOT NULL,
    source character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    "position" integer NOT NULL,
    display_name text NOT NULL,
    status character varying(12) NOT NULL,
    user_message text,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    log_bytes bigint NOT NULL,
    log_carry bytea NOT NULL,
    log_digest character varying(64),
    changed integer NOT NULL
);



CREATE TABLE public.run_tallied (
    id integer NOT NULL,
    until timestamp with time zone NOT NULL,
    changes integer NOT NULL
);



CREATE TABLE public.run_tallies (
    provider character varying(64) NOT NULL,
    day timestamp with time zone NOT NULL,
    runs integer NOT NULL
);



CREATE TABLE public.runners (
    id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    public_key text NOT NULL,
    implementation_type character varying(32) NOT NULL,
    restriction character varying(16) NOT NULL,
    is_self_hosted boolean NOT NULL,
    federation text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    revision integer NOT NULL
);



CREATE TABLE public.runs (
    id uuid NOT NULL,
    number integer NOT NULL,
    block_id uuid NOT NULL,
    display_name text NOT NULL,
    workspace character varying(64) NOT NULL,
    provider character varying(64) NOT NULL,
    definition_id uuid NOT NULL,
    version_id uuid NOT NULL,
    version_number integer NOT NULL,
    runner_id uuid NOT NULL,
    runner_workspace character varying(64) NOT NULL,
    implementation character varying(20) NOT NULL,
    hand_over boolean NOT NULL,
    behavior character varying(10) NOT NULL,
    reason character varying(64) NOT NULL,
    author text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    status character varying(12) NOT NULL,
    attempt integer NOT NULL,
    losses integer NOT NULL,
    node_id text,
    claimed_at timestamp with time zone,
    finished_at timestamp with time zone,
    quiet_until timestamp with time zone,
    abort_requested_at timestamp with time zone,
    abort_delivered_at timestamp with time zone,
    abort_due_at timestamp with time zone,
    summary text,
    changes_detected boolean,
    plan_run_id uuid,
    warnings text NOT NULL,
    sequence integer DEFAULT 0 NOT NULL,
    changed integer DEFAULT 0 NOT NULL,
    log_bytes bigint DEFAULT '0'::bigint NOT NULL,
    revision integer NOT NULL
);



CREATE TABLE public.sessions (
    token_hash character varying(64) NOT NULL,
    user_id uuid NOT NULL,
    epoch integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);



CREATE TABLE public.state_locks (
    block_id uuid NOT NULL,
    id character varying(255) NOT NULL,
    info text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    author text NOT NULL,
    run_id uuid,
    attempt integer
);



CREATE TABLE public.state_versions (
    block_id uuid NOT NULL,
    number integer NOT NULL,
    serial bigint NOT NULL,
    lineage character varying(255) NOT NULL,
    md5 character varying(32) NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    author text NOT NULL,
    run_id uuid,
    attempt integer,
    is_current boolean NOT NULL,
    sealed bytea NOT NULL
);



CREATE TABLE public.users (
    id uuid NOT NULL,
    username character varying(255) NOT NULL,
    first_name character varying(255) NOT NULL,
    last_name character varying(255) NOT NULL,
    email character varying(255) NOT NULL,
    euid character varying(255),
    password_hash character varying(255) NOT NULL,
    admin boolean NOT NULL,
    disabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    epoch integer NOT NULL,
    revision integer NOT NULL
);



CREATE TABLE public.workspace_bindings (
    id uuid NOT NULL,
    kind character varying(32) NOT NULL,
    name character varying(45) NOT NULL,
    role character varying(32) NOT NULL,
    workspace character varying(64) NOT NULL,
    subject character varying(255) NOT NULL,
    expires_on date,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone
);



CREATE TABLE public.workspaces (
    name character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    tags text NOT NULL,
    platform_builder boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    revision integer NOT NULL
);



INSERT INTO public.alembic_version VALUES ('0004');



INSERT INTO public.api_keys VALUES ('c6c600e3-5c15-4caf-b064-7541f798c8a5', 'admin', 'shared runner', '["ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE"]', NULL, 'afa3235c1666c24190fddcf639d6973a3767cd17585664832aa66b89c76e72de', '2026-11-30 01:58:44.543695+00', NULL, NULL, 0);
INSERT INTO public.api_keys VALUES ('7ede5434-b3a6-4235-b4f2-072fcf5143c5', 'admin', 'administrator', '["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"]', NULL, '545ed10f3e6c9d900630167fd3d4ead3d19bd3eb03800f5a91087577eae64c60', '2026-11-30 01:58:44.522565+00', NULL, '2026-11-30 01:58:45.614905+00', 0);
INSERT INTO public.api_keys VALUES ('02e5dc87-098d-4d6e-8ed9-07232a86a24d', 'platform', 'runner', '["MANAGED_BUILDINGBLOCKRUN_SAVE"]', NULL, '759fc277e0f3146f887ade3b8f7ad199e5d9aef9b8b9abe287b987f156f2545d', '2026-11-30 01:58:46.141897+00', NULL, '2026-11-30 01:58:46.145772+00', 0);






INSERT INTO public.blocks VALUES ('3e74a4bf-8aab-4436-a16e-24d3460b6c6b', 'sample', 'sample', 'shop', 'platform', 'b7dc97bb-10f3-45a4-b2b3-f24cec4c6b57', 'de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', 1, 'SUCCEEDED', 'ACTIVE', false, 'CREATION', '2026-11-30 01:58:45.987523+00', 'd76d4c01-831e-4545-939b-ac0dc2f85707', NULL, false, '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '{"size":{"value":16,"type":"INTEGER"}}', '{"size":{"value":16,"type":"INTEGER","isSensitive":false}}', '2026-11-30 01:58:45.960095+00', NULL, NULL, NULL, 2, 'sample');
INSERT INTO public.blocks VALUES ('6b0d5ab2-ac84-46a3-999f-2d46d60d59e0', 'sample', 'sample', 'shop', 'platform', '07e3881f-9377-4d92-b08a-792a7aa95f0c', '168e8d37-8ffc-4163-931e-d8f95313f1cc', 1, 'PENDING', 'ACTIVE', false, 'UPDATE', '2026-11-30 01:58:46.31341+00', '5dd03e4c-2b37-4e28-8810-b21bcf8b0e90', NULL, false, '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '{"name":{"value":"invoices","type":"STRING"},"password":{"secret":{"hash":"sha256:73f6a3aff49996bcb10134ea5f9e84abb83a7f3a49fcd62108378263c006d528","sealed":"G5VRVcJ8XkT9NRCJYmetnHr2TFzXOkYaY99eHqa8cnsbwkjEGo1gX0aCJuVbzWEyJr4F6ZJbjhc6NW630voCdO7wSEOYSj7EHSQ+ZLgTJALS511rFm9CBDrV6P4r2mbFlNnFGcrIq9OicLLO2pP+/w9xj4Yf8menJ3hrfQjjC25EF6tOhqStZwswozex09AFzGFB+2eJ7ZOTCXPgQ3gKZ87BAvTvmk3GBR2gOjZARdkHXoxUGe+5/RBvdd2DaVPt0wRZ33Stuj5B69e3zpTkKkFI7MxNd+ObrGjWdjKy8W/9cha6fYOobRzQPLZTlzg7J7L9E0H2xOR1m6+BX1XSxgAAAAy5VVIkyRuPImEfiYKmZ7hv5rglqOpVCQZGFYBoDGxKGmo1bSqgQwsNc8k=","key":"e2f553dafc2088dee6500243b872ac9b"},"type":"STRING"}}', '{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}', '2026-11-30 01:58:46.100855+00', NULL, NULL, NULL, 5, 'sample');






INSERT INTO public.definition_versions VALUES ('de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', 'b7dc97bb-10f3-45a4-b2b3-f24cec4c6b57', 'platform', 1, 'RELEASED', '98520496-627d-43e6-82da-ce499179ff3f', NULL, '{"runnerRef":{"uuid":"98520496-627d-43e6-82da-ce499179ff3f","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0}},"outputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"NONE","displayOrder":0}},"implementation":{"type":"MANUAL","settings":{},"secrets":{}}}', '2026-11-30 01:58:45.813029+00', '2026-11-30 01:58:45.924253+00', 2);
INSERT INTO public.definition_versions VALUES ('168e8d37-8ffc-4163-931e-d8f95313f1cc', '07e3881f-9377-4d92-b08a-792a7aa95f0c', 'platform', 1, 'RELEASED', 'fc550a90-bbd7-48ad-a472-757cc540e31b', NULL, '{"runnerRef":{"uuid":"fc550a90-bbd7-48ad-a472-757cc540e31b","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"name":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0},"password":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":true,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":1}},"outputs":{"url":{"displayName":"Output","type":"STRING","assignmentType":"RESOURCE_URL","displayOrder":0}},"implementation":{"type":"TERRAFORM","settings":{"terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true},"secrets":{}}}', '2026-11-30 01:58:46.059435+00', '2026-11-30 01:58:46.07585+00', 2);



INSERT INTO public.definitions VALUES ('b7dc97bb-10f3-45a4-b2b3-f24cec4c6b57', 'platform', 'Sample', 'WORKSPACE_LEVEL', '{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}', '{}', 'de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', 'de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', '2026-11-30 01:58:45.813029+00', 1);
INSERT INTO public.definitions VALUES ('07e3881f-9377-4d92-b08a-792a7aa95f0c', 'platform', 'Sample', 'WORKSPACE_LEVEL', '{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}', '{}', '168e8d37-8ffc-4163-931e-d8f95313f1cc', '168e8d37-8ffc-4163-931e-d8f95313f1cc', '2026-11-30 01:58:46.059435+00', 1);



INSERT INTO public.events VALUES ('05085563-fcec-4bd8-97fe-ef8f2b44458b', '2026-11-30 01:58:44.4403+00', 'Workspace Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', 'admin', 'meshWorkspace', 'admin', '', '{"displayName":"Administration","tags":{},"platformBuilderAccessEnabled":false}', 'null');
INSERT INTO public.events VALUES ('1ae61e6b-c259-4a55-8272-29d7bfef3a77', '2026-11-30 01:58:44.506478+00', 'User Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', NULL, 'user', '8ad148a2-ab9f-4b57-8fec-f0a6ff683861', '', '{"username":"admin","firstName":"","lastName":"","email":"","euid":null,"admin":true,"disabled":false}', 'null');
INSERT INTO public.events VALUES ('f9308420-30fe-48d0-8eaa-c27478ee2ca1', '2026-11-30 01:58:44.525466+00', 'API Key Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', 'admin', 'meshApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '', '{"displayName":"administrator","permissions":["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"],"expiresAt":null}', 'null');
INSERT INTO public.events VALUES ('f78279f2-069c-4744-aeda-67490f7e834c', '2026-11-30 01:58:44.544347+00', 'API Key Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', 'admin', 'meshApiKey', 'c6c600e3-5c15-4caf-b064-7541f798c8a5', '', '{"displayName":"shared runner","permissions":["ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}', 'null');
INSERT INTO public.events VALUES ('e6cbb437-51a9-48d4-b43b-cc5c17e0b015', '2026-11-30 01:58:45.669521+00', 'Workspace Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshWorkspace', 'platform', '', '{"displayName":"platform","tags":{},"platformBuilderAccessEnabled":true}', 'null');
INSERT INTO public.events VALUES ('772f49e5-83ca-42b6-a018-2f2a22b2f6c9', '2026-11-30 01:58:45.687096+00', 'Workspace Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshWorkspace', 'shop', '', '{"displayName":"shop","tags":{},"platformBuilderAccessEnabled":true}', 'null');
INSERT INTO public.events VALUES ('3f1f4ca0-d2d8-4fe6-afd4-2520a2bdf2af', '2026-11-30 01:58:45.736107+00', 'Project Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshProject', 'shop.dev', '', '{"displayName":"Dev","tags":{},"paymentMethodIdentifier":null,"substitutePaymentMethodIdentifier":null}', 'null');
INSERT INTO public.events VALUES ('969357fc-53b8-4b1f-bc88-6dfa4431b5b6', '2026-11-30 01:58:45.793731+00', 'Integration Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshIntegration', '328c5e84-d9fe-4767-ab47-ae7ec0081456', '', '{"displayName":"GitLab","type":"gitlab","settings":{"baseUrl":"https://gitlab.example.test"},"runner":"98520496-627d-43e6-82da-ce499179ff3f","secret":null}', 'null');
INSERT INTO public.events VALUES ('56efeb50-479c-419e-952e-c620aee49c60', '2026-11-30 01:58:45.821631+00', 'Building Block Definition Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinition', 'b7dc97bb-10f3-45a4-b2b3-f24cec4c6b57', '', '{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}', 'null');
INSERT INTO public.events VALUES ('99d40cc6-85a5-48ab-8b46-4fd075e5b5d2', '2026-11-30 01:58:45.914234+00', 'Definition Version Modified', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', 'de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO public.events VALUES ('016e8987-7a43-469a-85c9-1dd2072a71e0', '2026-11-30 01:58:45.933823+00', 'Definition Version Released', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', 'de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"RELEASED","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}');
INSERT INTO public.events VALUES ('fb9f831b-b724-454e-9ad5-492c74fde1ea', '2026-11-30 01:58:45.962649+00', 'Building Block Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlock', '3e74a4bf-8aab-4436-a16e-24d3460b6c6b', 'sample', '{"displayName":"sample","definition":"b7dc97bb-10f3-45a4-b2b3-f24cec4c6b57","version":"de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44","versionNumber":1,"parents":[],"inputs":["size"]}', 'null');
INSERT INTO public.events VALUES ('5858aa1e-6cf5-4bb2-8887-79c2d78982bd', '2026-11-30 01:58:45.974627+00', 'Building Block Run Requested', 'Requested', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', 'd76d4c01-831e-4545-939b-ac0dc2f85707', '', '{"buildingBlock":"3e74a4bf-8aab-4436-a16e-24d3460b6c6b","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}', 'null');
INSERT INTO public.events VALUES ('a6640709-c6b9-42f9-ae1e-cdad24c35375', '2026-11-30 01:58:46.028291+00', 'Building Block Run Finished', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', 'd76d4c01-831e-4545-939b-ac0dc2f85707', '', '{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}', 'null');
INSERT INTO public.events VALUES ('2b5b21a3-2853-42d3-ae70-870c0efc9edc', '2026-11-30 01:58:46.050358+00', 'Building Block Runner Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockRunner', 'fc550a90-bbd7-48ad-a472-757cc540e31b', '', '{"displayName":"own runner","implementationType":"TERRAFORM","restriction":"PRIVATE","publicKey":"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua\nqLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/\nqmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3\n/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a\ngaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG\nH+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5\nxQIDAQAB\n-----END PUBLIC KEY-----\n"}', 'null');
INSERT INTO public.events VALUES ('c9435354-be06-4dd5-8ad9-4a43abc254ed', '2026-11-30 01:58:46.061137+00', 'Building Block Definition Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinition', '07e3881f-9377-4d92-b08a-792a7aa95f0c', '', '{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}', 'null');
INSERT INTO public.events VALUES ('5872d971-7000-4a49-9ec4-e8f3d469d5fa', '2026-11-30 01:58:46.069497+00', 'Definition Version Modified', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', '168e8d37-8ffc-4163-931e-d8f95313f1cc', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"fc550a90-bbd7-48ad-a472-757cc540e31b","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"fcd939d713902de1c305bacf932f845478eeec79713fee01933368d51569ce60"}', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO public.events VALUES ('dfea9b6f-7872-4076-b008-a23a2651980e', '2026-11-30 01:58:46.080256+00', 'Definition Version Released', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', '168e8d37-8ffc-4163-931e-d8f95313f1cc', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"RELEASED","implementation":"TERRAFORM","runner":"fc550a90-bbd7-48ad-a472-757cc540e31b","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"fcd939d713902de1c305bacf932f845478eeec79713fee01933368d51569ce60"}', '{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"fc550a90-bbd7-48ad-a472-757cc540e31b","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"fcd939d713902de1c305bacf932f845478eeec79713fee01933368d51569ce60"}');
INSERT INTO public.events VALUES ('84eccf80-8f97-4adb-b112-90b3f2cfb122', '2026-11-30 01:58:46.102088+00', 'Building Block Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlock', '6b0d5ab2-ac84-46a3-999f-2d46d60d59e0', 'sample', '{"displayName":"sample","definition":"07e3881f-9377-4d92-b08a-792a7aa95f0c","version":"168e8d37-8ffc-4163-931e-d8f95313f1cc","versionNumber":1,"parents":[],"inputs":["name","password"]}', 'null');
INSERT INTO public.events VALUES ('ad36ba8e-9a33-4dbe-9db1-6203b2daf658', '2026-11-30 01:58:46.104225+00', 'Building Block Run Requested', 'Requested', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', 'b547544b-323c-4484-92a1-49d113241658', '', '{"buildingBlock":"6b0d5ab2-ac84-46a3-999f-2d46d60d59e0","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}', 'null');
INSERT INTO public.events VALUES ('637a3004-6db4-4ed3-b58b-86ef76114c98', '2026-11-30 01:58:46.142556+00', 'API Key Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshApiKey', '02e5dc87-098d-4d6e-8ed9-07232a86a24d', '', '{"displayName":"runner","permissions":["MANAGED_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}', 'null');
INSERT INTO public.events VALUES ('2fe8c305-34c8-409a-ab56-7fa447be8908', '2026-11-30 01:58:46.340618+00', 'Building Block Run Finished', 'Changed', 'ApiKey', 'run-b547544b-323c-4484-92a1-49d113241658', '{"type":"ApiKey","identifier":"run-b547544b-323c-4484-92a1-49d113241658","displayName":"Run b547544b-323c-4484-92a1-49d113241658","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', 'b547544b-323c-4484-92a1-49d113241658', '', '{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}', 'null');
INSERT INTO public.events VALUES ('030addda-7da9-4247-bb49-6ebfc3e1b471', '2026-11-30 01:58:46.36678+00', 'Building Block Modified', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlock', '6b0d5ab2-ac84-46a3-999f-2d46d60d59e0', 'sample', '{"displayName":"sample","definition":"07e3881f-9377-4d92-b08a-792a7aa95f0c","version":"168e8d37-8ffc-4163-931e-d8f95313f1cc","versionNumber":1,"parents":[],"inputs":["name","password"],"changedInputs":["password"]}', '{"displayName":"sample","definition":"07e3881f-9377-4d92-b08a-792a7aa95f0c","version":"168e8d37-8ffc-4163-931e-d8f95313f1cc","versionNumber":1,"parents":[],"inputs":["name","password"]}');
INSERT INTO public.events VALUES ('5d465740-5ec2-4af7-bcb9-0b41eac3f342', '2026-11-30 01:58:46.367863+00', 'Building Block Run Requested', 'Requested', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', '5dd03e4c-2b37-4e28-8810-b21bcf8b0e90', '', '{"buildingBlock":"6b0d5ab2-ac84-46a3-999f-2d46d60d59e0","number":2,"behavior":"APPLY","reason":"BUILDING_BLOCK_INPUTS_UPDATE","status":"PENDING"}', 'null');












INSERT INTO public.integrations VALUES ('328c5e84-d9fe-4767-ab47-ae7ec0081456', 'platform', 'GitLab', 'gitlab', '{"baseUrl":"https://gitlab.example.test"}', 'null', '98520496-627d-43e6-82da-ce499179ff3f', '2026-11-30 01:58:45.769952+00', 0);



INSERT INTO public.master_key_check VALUES (1, '\x01bdbbaacf58abf3400685a5ad5034dedb3342ae6f5a379921bd0b385a');



INSERT INTO public.projects VALUES ('913660d5-2efa-4740-945a-5f04b00e8fe4', 'shop', 'dev', 'Dev', '{}', NULL, NULL, '2026-11-30 01:58:45.723256+00', NULL, 0);






INSERT INTO public.run_attempts VALUES ('b547544b-323c-4484-92a1-49d113241658', 1, 'c3a099392ccb17fc8fa2fcb35ad845bb78b939acd24198b236eb1b4609f311a9', 'OFFICIAL', 120, NULL, '2026-11-30 01:58:46.151419+00', '2026-11-30 01:58:46.280061+00', '2026-11-30 01:58:46.280061+00', '2026-11-30 02:00:46.280061+00', 'ENDED');



INSERT INTO public.run_documents VALUES ('b547544b-323c-4484-92a1-49d113241658', '{"kind":"meshBuildingBlockRun","apiVersion":"v1","metadata":{"uuid":"b547544b-323c-4484-92a1-49d113241658","createdOn":"2026-11-30T01:58:46Z"},"spec":{"runNumber":1,"behavior":"APPLY","buildingBlock":{"uuid":"6b0d5ab2-ac84-46a3-999f-2d46d60d59e0","spec":{"displayName":"sample","workspaceIdentifier":"shop","projectIdentifier":null,"fullPlatformIdentifier":null,"inputs":[{"key":"name","value":"invoices","type":"STRING","isSensitive":false,"isEnvironment":false},{"key":"password","value":"AkaqNsAFaXMqGiwL8nkng6pUozonac63wdyikRUOpVULCZQBQCDmLV9sUHdg4FyiPDirkSruI3Z4LcxkLKEvjWjgy7Hw4NT7NPLyNOYIOY8c+8T8uiem/fq1FAo8ZfMMeQygjwSW6YGBgWPB1BH+SrAeMne4Q52d9v6bqB+vyCby+leG2npY3MV4RmVueoBC3sregyCZr7rokbgzI7JXOP9aLZmijRN9gZOyb+6LjOWgVVseLW57UsTxDcbe+a7BkG6/xRoW5fkmNLUtLQykrSIDe/HE4hXyYZw/oDGe/hHZ4FNpZyBTsjfpIms/NfJsmOtIMlcWSgZABgyFqhsuQQAAAAzRkf0wOWLoxaa0yvHljg+A60qGPrjNi6T19adjTJ+yYz18Z8wxj2j6Ww==","type":"STRING","isSensitive":true,"isEnvironment":false},{"key":"MESHSTACK_ENDPOINT","value":"http://127.0.0.1:35273","type":"STRING","isSensitive":false,"isEnvironment":true}],"parentBuildingBlocks":[]}},"buildingBlockDefinition":{"uuid":"07e3881f-9377-4d92-b08a-792a7aa95f0c","spec":{"workspaceIdentifier":"platform","version":1,"implementation":{"type":"TERRAFORM","terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true}}},"trigger":{"reason":"BUILDING_BLOCK_CREATION","author":{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}}},"status":"IN_PROGRESS","_links":{"self":{"href":"http://127.0.0.1:35273/api/meshobjects/meshbuildingblockruns/b547544b-323c-4484-92a1-49d113241658"},"registerSource":{"href":"http://127.0.0.1:35273/api/meshobjects/meshbuildingblockruns/b547544b-323c-4484-92a1-49d113241658/status/source"},"updateSource":{"href":"http://127.0.0.1:35273/api/meshobjects/meshbuildingblockruns/b547544b-323c-4484-92a1-49d113241658/status/source/{sourceId}","templated":true},"meshstackBaseUrl":{"href":"http://127.0.0.1:35273"}}}');



INSERT INTO public.run_log_chunks VALUES ('b547544b-323c-4484-92a1-49d113241658', 5, 1, 'own', 'execute_tf', 0, '\x6372656174656420746865206275636b6574');



INSERT INTO public.run_outputs VALUES ('d76d4c01-831e-4545-939b-ac0dc2f85707', 0, '{"size":{"value":16,"type":"INTEGER","isSensitive":false}}');
INSERT INTO public.run_outputs VALUES ('b547544b-323c-4484-92a1-49d113241658', 1, '{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}');



INSERT INTO public.run_sources VALUES ('b547544b-323c-4484-92a1-49d113241658', 1, 'own', 0, NULL, NULL);



INSERT INTO public.run_steps VALUES ('b547544b-323c-4484-92a1-49d113241658', 1, 'own', 'execute_tf', 0, 'Apply', 'SUCCEEDED', NULL, '2026-11-30 01:58:46.281429+00', '2026-11-30 01:58:46.281429+00', 18, '\x', '72cb39b7cfc327c891dfc72abb851be6fb718eaa6f5edc401e79aa2f25f7030d', 4);









INSERT INTO public.runners VALUES ('98520496-627d-43e6-82da-ce499179ff3f', 'admin', 'Shared runner', '-----BEGIN PUBLIC KEY-----
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
', 'ALL', 'PUBLIC', false, 'null', '2026-11-30 01:58:44.535715+00', NULL, 0);
INSERT INTO public.runners VALUES ('fc550a90-bbd7-48ad-a472-757cc540e31b', 'platform', 'own runner', '-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua
qLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/
qmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3
/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a
gaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG
H+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5
xQIDAQAB
-----END PUBLIC KEY-----
', 'TERRAFORM', 'PRIVATE', true, 'null', '2026-11-30 01:58:46.049436+00', '2026-11-30 01:58:46.151419+00', 0);



INSERT INTO public.runs VALUES ('d76d4c01-831e-4545-939b-ac0dc2f85707', 1, '3e74a4bf-8aab-4436-a16e-24d3460b6c6b', 'sample', 'shop', 'platform', 'b7dc97bb-10f3-45a4-b2b3-f24cec4c6b57', 'de6c6b9d-11fc-4eb5-8fcd-3ffb7a0e0d44', 1, '98520496-627d-43e6-82da-ce499179ff3f', 'admin', 'MANUAL', false, 'APPLY', 'BUILDING_BLOCK_CREATION', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '2026-11-30 01:58:45.966775+00', '2026-11-30 01:58:45.966775+00', 'SUCCEEDED', 0, 0, NULL, NULL, '2026-11-30 01:58:45.987523+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 2, 2, 0, 1);
INSERT INTO public.runs VALUES ('b547544b-323c-4484-92a1-49d113241658', 1, '6b0d5ab2-ac84-46a3-999f-2d46d60d59e0', 'sample', 'shop', 'platform', '07e3881f-9377-4d92-b08a-792a7aa95f0c', '168e8d37-8ffc-4163-931e-d8f95313f1cc', 1, 'fc550a90-bbd7-48ad-a472-757cc540e31b', 'platform', 'TERRAFORM', false, 'APPLY', 'BUILDING_BLOCK_CREATION', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '2026-11-30 01:58:46.103463+00', '2026-11-30 01:58:46.103463+00', 'SUCCEEDED', 1, 0, NULL, '2026-11-30 01:58:46.151419+00', '2026-11-30 01:58:46.31341+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 6, 6, 18, 2);
INSERT INTO public.runs VALUES ('5dd03e4c-2b37-4e28-8810-b21bcf8b0e90', 2, '6b0d5ab2-ac84-46a3-999f-2d46d60d59e0', 'sample', 'shop', 'platform', '07e3881f-9377-4d92-b08a-792a7aa95f0c', '168e8d37-8ffc-4163-931e-d8f95313f1cc', 1, 'fc550a90-bbd7-48ad-a472-757cc540e31b', 'platform', 'TERRAFORM', false, 'APPLY', 'BUILDING_BLOCK_INPUTS_UPDATE', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '2026-11-30 01:58:46.367354+00', '2026-11-30 01:58:46.367354+00', 'PENDING', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 1, 1, 0, 0);









INSERT INTO public.state_versions VALUES ('6b0d5ab2-ac84-46a3-999f-2d46d60d59e0', 1, 1, '3f9e', 'c7b370150775a3c892b7601c74238a41', 174, '2026-11-30 01:58:46.270365+00', 'run 1', 'b547544b-323c-4484-92a1-49d113241658', 1, true, '\x0180bc8db78d169c71cca4f2d640c9816d5d045ae70c65d54c2579452633f06ca3e2d5136061299e745847bd88abf1bc6070eec4e8616f8813eec7aeb97e9c9be5f396e17556753debd59793dcdaae68f1b241bfdf07578d2b5a405438023218ab52b246a2d5a6db7326af083a49b17b72874a43a643c868ff2ac68cb18e9dfb1ee1220ccf066b8c76989efdaed6124dbea760224b2eecea246b019b3535be19d2d7d4138f');



INSERT INTO public.users VALUES ('8ad148a2-ab9f-4b57-8fec-f0a6ff683861', 'admin', '', '', '', NULL, '$argon2id$v=19$m=19456,t=2,p=1$DsQtjgEYFUMv0ZizCQrPhQ$eiX+xN79JNpNYe64CZFrireSyvJrKw7Q3S1O6rt3fZM', true, false, '2026-11-30 01:58:44.500032+00', 0, 0);






INSERT INTO public.workspaces VALUES ('admin', 'Administration', '{}', false, '2026-11-30 01:58:44.438881+00', NULL, 0);
INSERT INTO public.workspaces VALUES ('platform', 'platform', '{}', true, '2026-11-30 01:58:45.661519+00', NULL, 0);
INSERT INTO public.workspaces VALUES ('shop', 'shop', '{}', true, '2026-11-30 01:58:45.686428+00', NULL, 0);



ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);



ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);



ALTER TABLE ONLY public.block_parents
    ADD CONSTRAINT pk_block_parents PRIMARY KEY (child_id, parent_id);



ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT pk_blocks PRIMARY KEY (id);



ALTER TABLE ONLY public.definition_version_dependencies
    ADD CONSTRAINT pk_definition_version_dependencies PRIMARY KEY (version_id, definition_id);



ALTER TABLE ONLY public.definition_versions
    ADD CONSTRAINT pk_definition_versions PRIMARY KEY (id);



ALTER TABLE ONLY public.definitions
    ADD CONSTRAINT pk_definitions PRIMARY KEY (id);



ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);



ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT pk_group_members PRIMARY KEY (group_name, user_id);



ALTER TABLE ONLY public.groups
    ADD CONSTRAINT pk_groups PRIMARY KEY (name);



ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (scope);



ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT pk_integrations PRIMARY KEY (id);



ALTER TABLE ONLY public.master_key_check
    ADD CONSTRAINT pk_master_key_check PRIMARY KEY (id);



ALTER TABLE ONLY public.projects
    ADD CONSTRAINT pk_projects PRIMARY KEY (id);



ALTER TABLE ONLY public.run_artifacts
    ADD CONSTRAINT pk_run_artifacts PRIMARY KEY (run_id);



ALTER TABLE ONLY public.run_attempts
    ADD CONSTRAINT pk_run_attempts PRIMARY KEY (run_id, number);



ALTER TABLE ONLY public.run_documents
    ADD CONSTRAINT pk_run_documents PRIMARY KEY (run_id);



ALTER TABLE ONLY public.run_log_chunks
    ADD CONSTRAINT pk_run_log_chunks PRIMARY KEY (run_id, sequence);



ALTER TABLE ONLY public.run_outputs
    ADD CONSTRAINT pk_run_outputs PRIMARY KEY (run_id, attempt);



ALTER TABLE ONLY public.run_sources
    ADD CONSTRAINT pk_run_sources PRIMARY KEY (run_id, attempt, source);



ALTER TABLE ONLY public.run_steps
    ADD CONSTRAINT pk_run_steps PRIMARY KEY (run_id, attempt, source, name);



ALTER TABLE ONLY public.run_tallied
    ADD CONSTRAINT pk_run_tallied PRIMARY KEY (id);



ALTER TABLE ONLY public.run_tallies
    ADD CONSTRAINT pk_run_tallies PRIMARY KEY (provider, day);



ALTER TABLE ONLY public.runners
    ADD CONSTRAINT pk_runners PRIMARY KEY (id);



ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (id);



ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (token_hash);



ALTER TABLE ONLY public.state_locks
    ADD CONSTRAINT pk_state_locks PRIMARY KEY (block_id);



ALTER TABLE ONLY public.state_versions
    ADD CONSTRAINT pk_state_versions PRIMARY KEY (block_id, number);



ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);



ALTER TABLE ONLY public.workspace_bindings
    ADD CONSTRAINT pk_workspace_bindings PRIMARY KEY (id);



ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT pk_workspaces PRIMARY KEY (name);



ALTER TABLE ONLY public.definition_versions
    ADD CONSTRAINT uq_definition_versions_definition_id_number UNIQUE (definition_id, number);



ALTER TABLE ONLY public.run_attempts
    ADD CONSTRAINT uq_run_attempts_token_hash UNIQUE (token_hash);



ALTER TABLE ONLY public.runs
    ADD CONSTRAINT uq_runs_block_id_number UNIQUE (block_id, number);



ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_username UNIQUE (username);



CREATE INDEX ix_api_keys_workspace ON public.api_keys USING btree (workspace, created_at);



CREATE INDEX ix_block_parents_parent ON public.block_parents USING btree (parent_id);



CREATE INDEX ix_blocks_active ON public.blocks USING btree (created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_definition_id ON public.blocks USING btree (definition_id, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_display_name ON public.blocks USING btree (display_name, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_provider ON public.blocks USING btree (provider, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_status ON public.blocks USING btree (status, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_version_id ON public.blocks USING btree (version_id, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_version_number ON public.blocks USING btree (version_number, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_active_workspace ON public.blocks USING btree (workspace, created_at, id, lifecycle) WHERE ((lifecycle)::text = 'ACTIVE'::text);



CREATE INDEX ix_blocks_live ON public.blocks USING btree (created_at, id, sort_name, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_live_definition_id ON public.blocks USING btree (definition_id, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_live_name ON public.blocks USING btree (sort_name, created_at, id, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_live_provider ON public.blocks USING btree (provider, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_live_status ON public.blocks USING btree (status, created_at, id, sort_name, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_live_version_id ON public.blocks USING btree (version_id, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_live_workspace ON public.blocks USING btree (workspace, created_at, id, sort_name, lifecycle) WHERE ((lifecycle)::text <> 'DELETED'::text);



CREATE INDEX ix_blocks_rerun_due ON public.blocks USING btree (id) WHERE rerun_due;



CREATE INDEX ix_definition_version_dependencies_definition_id ON public.definition_version_dependencies USING btree (definition_id);



CREATE INDEX ix_definition_versions_created_at ON public.definition_versions USING btree (created_at, id);



CREATE INDEX ix_definition_versions_integration_id ON public.definition_versions USING btree (integration_id);



CREATE INDEX ix_definition_versions_runner_id ON public.definition_versions USING btree (runner_id);



CREATE INDEX ix_definition_versions_workspace_created_at ON public.definition_versions USING btree (workspace, created_at, id);



CREATE INDEX ix_definitions_created_at ON public.definitions USING btree (created_at, id);



CREATE INDEX ix_definitions_workspace_created_at ON public.definitions USING btree (workspace, created_at, id);



CREATE INDEX ix_events_at ON public.events USING btree (at);



CREATE INDEX ix_events_author_identifier_at ON public.events USING btree (author_identifier, at);



CREATE INDEX ix_events_subject_id_at ON public.events USING btree (subject_id, at);



CREATE INDEX ix_events_title_at ON public.events USING btree (title, at);



CREATE INDEX ix_events_workspace_at ON public.events USING btree (workspace, at);



CREATE INDEX ix_group_members_user_id ON public.group_members USING btree (user_id);



CREATE INDEX ix_group_members_username ON public.group_members USING btree (username);



CREATE INDEX ix_idempotency_keys_created_at ON public.idempotency_keys USING btree (created_at);



CREATE INDEX ix_integrations_created_at ON public.integrations USING btree (created_at, id);



CREATE INDEX ix_integrations_runner_id ON public.integrations USING btree (runner_id);



CREATE INDEX ix_integrations_workspace_created_at ON public.integrations USING btree (workspace, created_at, id);



CREATE INDEX ix_projects_created_at ON public.projects USING btree (created_at, id);



CREATE INDEX ix_projects_payment_method ON public.projects USING btree (payment_method);



CREATE INDEX ix_projects_workspace ON public.projects USING btree (workspace, created_at);



CREATE INDEX ix_run_artifacts_created_at ON public.run_artifacts USING btree (created_at);



CREATE INDEX ix_run_attempts_expires_at ON public.run_attempts USING btree (expires_at) WHERE ((state)::text = 'LIVE'::text);



CREATE INDEX ix_run_log_chunks_step ON public.run_log_chunks USING btree (run_id, attempt, source, name, "offset");



CREATE INDEX ix_runners_implementation_type_created_at ON public.runners USING btree (implementation_type, created_at, id);



CREATE INDEX ix_runners_restriction_created_at ON public.runners USING btree (restriction, created_at, id);



CREATE INDEX ix_runners_workspace_created_at ON public.runners USING btree (workspace, created_at, id);



CREATE INDEX ix_runs_aborting ON public.runs USING btree (abort_due_at) WHERE ((abort_due_at IS NOT NULL) AND (finished_at IS NULL));



CREATE INDEX ix_runs_created_at ON public.runs USING btree (created_at, id);



CREATE INDEX ix_runs_provider_created_at ON public.runs USING btree (provider, created_at, id);



CREATE INDEX ix_runs_queue ON public.runs USING btree (runner_id, created_at, id) WHERE ((status)::text = 'PENDING'::text);



CREATE INDEX ix_runs_workspace_created_at ON public.runs USING btree (workspace, created_at, id);



CREATE INDEX ix_sessions_expires_at ON public.sessions USING btree (expires_at);



CREATE INDEX ix_sessions_user_id ON public.sessions USING btree (user_id);



CREATE INDEX ix_state_locks_run_id ON public.state_locks USING btree (run_id);



CREATE INDEX ix_users_created_at ON public.users USING btree (created_at, id);



CREATE INDEX ix_workspace_bindings_name ON public.workspace_bindings USING btree (name, kind);



CREATE INDEX ix_workspace_bindings_subject ON public.workspace_bindings USING btree (subject, kind);



CREATE INDEX ix_workspace_bindings_workspace ON public.workspace_bindings USING btree (workspace, created_at);



CREATE INDEX ix_workspaces_created_at ON public.workspaces USING btree (created_at, name);



CREATE UNIQUE INDEX uq_definition_versions_draft ON public.definition_versions USING btree (definition_id) WHERE ((state)::text = 'DRAFT'::text);



CREATE UNIQUE INDEX uq_projects_live_name ON public.projects USING btree (workspace, name) WHERE (deleted_at IS NULL);



CREATE UNIQUE INDEX uq_runs_unfinished ON public.runs USING btree (block_id) WHERE (finished_at IS NULL);



CREATE UNIQUE INDEX uq_state_versions_current ON public.state_versions USING btree (block_id) WHERE is_current;



CREATE UNIQUE INDEX uq_workspace_bindings_live_name ON public.workspace_bindings USING btree (kind, name) WHERE (deleted_at IS NULL);



ALTER TABLE ONLY public.block_parents
    ADD CONSTRAINT fk_block_parents_child_id FOREIGN KEY (child_id) REFERENCES public.blocks(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.block_parents
    ADD CONSTRAINT fk_block_parents_parent_id FOREIGN KEY (parent_id) REFERENCES public.blocks(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT fk_blocks_definition_id FOREIGN KEY (definition_id) REFERENCES public.definitions(id);



ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT fk_blocks_version_id FOREIGN KEY (version_id) REFERENCES public.definition_versions(id);



ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT fk_blocks_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(name);



ALTER TABLE ONLY public.definition_version_dependencies
    ADD CONSTRAINT fk_definition_version_dependencies_version_id FOREIGN KEY (version_id) REFERENCES public.definition_versions(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.definition_versions
    ADD CONSTRAINT fk_definition_versions_definition_id FOREIGN KEY (definition_id) REFERENCES public.definitions(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.definition_versions
    ADD CONSTRAINT fk_definition_versions_integration_id FOREIGN KEY (integration_id) REFERENCES public.integrations(id);



ALTER TABLE ONLY public.definition_versions
    ADD CONSTRAINT fk_definition_versions_runner_id FOREIGN KEY (runner_id) REFERENCES public.runners(id);



ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT fk_group_members_group_name FOREIGN KEY (group_name) REFERENCES public.groups(name) ON DELETE CASCADE;



ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT fk_group_members_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT fk_integrations_runner_id FOREIGN KEY (runner_id) REFERENCES public.runners(id);



ALTER TABLE ONLY public.projects
    ADD CONSTRAINT fk_projects_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(name);



ALTER TABLE ONLY public.run_artifacts
    ADD CONSTRAINT fk_run_artifacts_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.run_attempts
    ADD CONSTRAINT fk_run_attempts_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.run_documents
    ADD CONSTRAINT fk_run_documents_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.run_log_chunks
    ADD CONSTRAINT fk_run_log_chunks_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.run_outputs
    ADD CONSTRAINT fk_run_outputs_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.run_sources
    ADD CONSTRAINT fk_run_sources_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.run_steps
    ADD CONSTRAINT fk_run_steps_run_id_attempt_source FOREIGN KEY (run_id, attempt, source) REFERENCES public.run_sources(run_id, attempt, source) ON DELETE CASCADE;



ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.workspace_bindings
    ADD CONSTRAINT fk_workspace_bindings_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(name);




