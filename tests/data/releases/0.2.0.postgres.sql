


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
    revision integer NOT NULL,
    runner_id uuid,
    runner_is_public boolean DEFAULT false NOT NULL,
    epoch integer DEFAULT 0 NOT NULL
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



CREATE TABLE public.ended_tokens (
    id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
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



CREATE TABLE public.payment_methods (
    id uuid NOT NULL,
    workspace character varying(64) NOT NULL,
    name character varying(64) NOT NULL,
    display_name character varying(255) NOT NULL,
    expiration_date date,
    amount bigint,
    tags text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    revision integer NOT NULL
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
    revision integer NOT NULL,
    protocol integer DEFAULT 0 NOT NULL,
    older_protocol_at timestamp with time zone
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
    expires_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL
);



CREATE TABLE public.sign_in_counts (
    bucket character varying(64) NOT NULL,
    started_at timestamp with time zone NOT NULL,
    count integer NOT NULL
);



CREATE TABLE public.sign_in_links (
    token_hash character varying(64) NOT NULL,
    user_id uuid NOT NULL,
    epoch integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);



CREATE TABLE public.sign_in_places (
    user_id uuid NOT NULL,
    place character varying(64) NOT NULL,
    used_at timestamp with time zone NOT NULL
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
    revision integer NOT NULL,
    must_change_password boolean DEFAULT false NOT NULL,
    username_key character varying(255),
    email_key character varying(255)
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



INSERT INTO public.alembic_version VALUES ('0011');



INSERT INTO public.api_keys VALUES ('c6c600e3-5c15-4caf-b064-7541f798c8a5', 'admin', 'shared runner', '[]', NULL, 'afa3235c1666c24190fddcf639d6973a3767cd17585664832aa66b89c76e72de', '2026-11-30 02:10:23.724301+00', NULL, NULL, 0, '98520496-627d-43e6-82da-ce499179ff3f', true, 0);
INSERT INTO public.api_keys VALUES ('7ede5434-b3a6-4235-b4f2-072fcf5143c5', 'admin', 'administrator', '["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"]', NULL, '545ed10f3e6c9d900630167fd3d4ead3d19bd3eb03800f5a91087577eae64c60', '2026-11-30 02:10:23.705144+00', NULL, '2026-11-30 02:10:24.790325+00', 0, NULL, false, 0);
INSERT INTO public.api_keys VALUES ('32edc73a-7266-4de7-8522-d084768e97a5', 'platform', 'runner', '["MANAGED_BUILDINGBLOCKRUN_SAVE"]', NULL, 'ddc8bfa6a67006ebe2bd6c76ef3ba0294e16dbec575348808852aa775e955cb3', '2026-11-30 02:10:25.786535+00', NULL, '2026-11-30 02:10:25.795181+00', 0, NULL, false, 0);






INSERT INTO public.blocks VALUES ('c1866fdd-b143-41d2-849d-4f027714b61f', 'sample', 'sample', 'shop', 'platform', '4901eedf-d2a6-4095-ba27-549d49370d12', 'a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', 1, 'SUCCEEDED', 'ACTIVE', false, 'CREATION', '2026-11-30 02:10:25.198337+00', '3c87ca3c-0078-42ba-96f6-d5055b1a6b6c', NULL, false, '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '{"size":{"value":16,"type":"INTEGER"}}', '{"size":{"value":16,"type":"INTEGER","isSensitive":false}}', '2026-11-30 02:10:25.165119+00', NULL, NULL, NULL, 1, 'sample');
INSERT INTO public.blocks VALUES ('b5a5d4d0-9403-40db-96a4-e151d0825b7d', 'sample', 'sample', 'shop', 'platform', '4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9', '479cc689-b1b8-49de-8f94-0b3180168f6c', 1, 'PENDING', 'ACTIVE', false, 'UPDATE', '2026-11-30 02:10:25.942274+00', '8db825bf-503c-4fed-97d2-982d5e5d2b0a', NULL, false, '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '{"name":{"value":"invoices","type":"STRING"},"password":{"secret":{"hash":"sha256:273d7a1f6b153a0a4c80a11ca66eba9d9f7b22cf45692e030b28c59a6fdc37c0","sealed":"DyD33EhuRjTVpVMVIljdONWIlrCHuuN1NJZV+vgQE8M4pw2lxxjYaxjSY0sU1tsDY0lf6KzNvurYs4c36TVunis2tZ0fcEKae+EJXvlLk2+6ySNzw1U7ccfOglv3R1R8W9QG0hJhoIUwVOdtRuj9J8fWb3KfKbYQILtApsOV+UCzg2MIc8+EO7elAmL1BndCmq+pMv2B5k0kOrNy5zkbcbA4sdT++EwNhHlR8c3TtHAzaGkYvHp2DaNLSoMEhCW4XTAx6o1QZtkTeUput12r+MBtmi1r4/jZRcyDGdijA/quad30zQp31Wr8wjuRnGD2g8ocrafV0n7GpMKsG2wjQwAAAAwmZZe/Wj/jbqwfjUZZ7rdbzrzXNjfIfUXp7BdcYmFVM2N9OPw5KuJaEQc=","key":"e2f553dafc2088dee6500243b872ac9b"},"type":"STRING"}}', '{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}', '2026-11-30 02:10:25.6479+00', NULL, NULL, NULL, 5, 'sample');






INSERT INTO public.definition_versions VALUES ('a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', '4901eedf-d2a6-4095-ba27-549d49370d12', 'platform', 1, 'RELEASED', '98520496-627d-43e6-82da-ce499179ff3f', NULL, '{"runnerRef":{"uuid":"98520496-627d-43e6-82da-ce499179ff3f","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0}},"outputs":{"size":{"displayName":"Input","type":"INTEGER","assignmentType":"NONE","displayOrder":0}},"implementation":{"type":"MANUAL","settings":{},"secrets":{}}}', '2026-11-30 02:10:25.011414+00', '2026-11-30 02:10:25.105732+00', 2);
INSERT INTO public.definition_versions VALUES ('479cc689-b1b8-49de-8f94-0b3180168f6c', '4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9', 'platform', 1, 'RELEASED', 'bb4de22c-f50a-414f-af8f-646f664f63ea', NULL, '{"runnerRef":{"uuid":"bb4de22c-f50a-414f-af8f-646f664f63ea","kind":"meshBuildingBlockRunner"},"onlyApplyOncePerTenant":false,"deletionMode":"DELETE","permissions":[],"dependencyDefinitionRefs":[],"inputs":{"name":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":false,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":0},"password":{"displayName":"Input","type":"STRING","assignmentType":"USER_INPUT","isEnvironment":false,"isSensitive":true,"argument":null,"defaultValue":null,"updateableByConsumer":true,"selectableValues":null,"description":null,"valueValidationRegex":null,"validationRegexErrorMessage":null,"displayOrder":1}},"outputs":{"url":{"displayName":"Output","type":"STRING","assignmentType":"RESOURCE_URL","displayOrder":0}},"implementation":{"type":"TERRAFORM","settings":{"terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true},"secrets":{}}}', '2026-11-30 02:10:25.449521+00', '2026-11-30 02:10:25.597616+00', 2);



INSERT INTO public.definitions VALUES ('4901eedf-d2a6-4095-ba27-549d49370d12', 'platform', 'Sample', 'WORKSPACE_LEVEL', '{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}', '{}', 'a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', 'a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', '2026-11-30 02:10:25.011414+00', 1);
INSERT INTO public.definitions VALUES ('4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9', 'platform', 'Sample', 'WORKSPACE_LEVEL', '{"description":"A sample","readme":null,"runTransparency":true,"useInLandingZonesOnly":false,"supportUrl":null,"documentationUrl":null,"notificationSubscribers":[],"symbol":"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjNjQ3NDhiIiBzdHJva2Utd2lkdGg9IjEuNSIgc3Ryb2tlLWxpbmVqb2luPSJyb3VuZCI+PHBhdGggZD0iTTMgOGw5LTUgOSA1LTkgNXpNMyA4djhsOSA1IDktNVY4TTEyIDEzdjgiLz48L3N2Zz4=","supportedPlatforms":null}', '{}', '479cc689-b1b8-49de-8f94-0b3180168f6c', '479cc689-b1b8-49de-8f94-0b3180168f6c', '2026-11-30 02:10:25.449521+00', 1);






INSERT INTO public.events VALUES ('6de3ac90-09ba-448e-a881-e9226986f16c', '2026-11-30 02:10:23.542742+00', 'Workspace Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', 'admin', 'meshWorkspace', 'admin', '', '{"displayName":"Administration","tags":{},"platformBuilderAccessEnabled":true}', 'null');
INSERT INTO public.events VALUES ('47e8cb89-a63c-4bfc-813c-f3706e194905', '2026-11-30 02:10:23.691623+00', 'User Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', NULL, 'user', '1db19268-2aa3-4acd-aff2-d632ef555e0a', '', '{"username":"admin","firstName":"","lastName":"","email":"","euid":null,"admin":true,"disabled":false}', 'null');
INSERT INTO public.events VALUES ('3a3c3aa0-e93b-458b-9ca0-a61be437fb40', '2026-11-30 02:10:23.708489+00', 'API Key Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', 'admin', 'meshApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '', '{"displayName":"administrator","permissions":["ADM_APIKEY_DELETE","ADM_APIKEY_LIST","ADM_APIKEY_SAVE","ADM_BUILDINGBLOCKDEFINITION_DELETE","ADM_BUILDINGBLOCKDEFINITION_LIST","ADM_BUILDINGBLOCKDEFINITION_SAVE","ADM_BUILDINGBLOCKRUNNER_DELETE","ADM_BUILDINGBLOCKRUNNER_LIST","ADM_BUILDINGBLOCKRUNNER_SAVE","ADM_BUILDINGBLOCKRUNSOURCE_SAVE","ADM_BUILDINGBLOCKRUN_LIST","ADM_BUILDINGBLOCKRUN_SAVE","ADM_BUILDINGBLOCK_DELETE","ADM_BUILDINGBLOCK_LIST","ADM_BUILDINGBLOCK_SAVE","ADM_COMMUNICATIONDEFINITION_DELETE","ADM_COMMUNICATIONDEFINITION_LIST","ADM_COMMUNICATIONDEFINITION_SAVE","ADM_COMMUNICATION_DELETE","ADM_COMMUNICATION_LIST","ADM_COMMUNICATION_SAVE","ADM_EVENTLOG_LIST","ADM_INTEGRATION_DELETE","ADM_INTEGRATION_LIST","ADM_INTEGRATION_SAVE","ADM_LANDINGZONE_DELETE","ADM_LANDINGZONE_LIST","ADM_LANDINGZONE_SAVE","ADM_PAYMENTMETHOD_DELETE","ADM_PAYMENTMETHOD_LIST","ADM_PAYMENTMETHOD_SAVE","ADM_PLATFORMINSTANCE_DELETE","ADM_PLATFORMINSTANCE_LIST","ADM_PLATFORMINSTANCE_SAVE","ADM_PROJECTPRINCIPALROLE_DELETE","ADM_PROJECTPRINCIPALROLE_LIST","ADM_PROJECTPRINCIPALROLE_SAVE","ADM_PROJECTROLE_DELETE","ADM_PROJECTROLE_SAVE","ADM_PROJECT_DELETE","ADM_PROJECT_LIST","ADM_PROJECT_SAVE","ADM_REVIEW_PUBLICATION","ADM_SERVICEINSTANCE_DELETE","ADM_SERVICEINSTANCE_LIST","ADM_SERVICEINSTANCE_SAVE","ADM_TAGDEFINITION_DELETE","ADM_TAGDEFINITION_LIST","ADM_TAGDEFINITION_SAVE","ADM_TENANT_DELETE","ADM_TENANT_IMPORT","ADM_TENANT_LIST","ADM_TENANT_SAVE","ADM_TFSTATE_DELETE","ADM_TFSTATE_LIST","ADM_TFSTATE_SAVE","ADM_USER_DELETE","ADM_USER_LIST","ADM_USER_SAVE","ADM_WORKSPACEPRINCIPALBINDING_DELETE","ADM_WORKSPACEPRINCIPALBINDING_LIST","ADM_WORKSPACEPRINCIPALBINDING_SAVE","ADM_WORKSPACEUSERGROUP_LIST","ADM_WORKSPACE_DELETE","ADM_WORKSPACE_LIST","ADM_WORKSPACE_SAVE","APIKEY_DELETE","APIKEY_LIST","APIKEY_SAVE","BUILDINGBLOCKDEFINITION_DELETE","BUILDINGBLOCKDEFINITION_LIST","BUILDINGBLOCKDEFINITION_SAVE","BUILDINGBLOCKRUNNER_DELETE","BUILDINGBLOCKRUNNER_LIST","BUILDINGBLOCKRUNNER_SAVE","BUILDINGBLOCK_DELETE","BUILDINGBLOCK_LIST","BUILDINGBLOCK_SAVE","COMMUNICATIONDEFINITION_DELETE","COMMUNICATIONDEFINITION_LIST","COMMUNICATIONDEFINITION_SAVE","COMMUNICATION_DELETE","COMMUNICATION_LIST","COMMUNICATION_SAVE","EVENTLOG_LIST","INTEGRATION_DELETE","INTEGRATION_LIST","INTEGRATION_SAVE","LANDINGZONE_DELETE","LANDINGZONE_LIST","LANDINGZONE_SAVE","MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE","MANAGED_BUILDINGBLOCKRUN_LIST","MANAGED_BUILDINGBLOCKRUN_SAVE","MANAGED_BUILDINGBLOCK_LIST","MANAGED_BUILDINGBLOCK_SAVE","MANAGED_TENANT_IMPORT","MANAGED_TFSTATE_DELETE","MANAGED_TFSTATE_LIST","MANAGED_TFSTATE_SAVE","PAYMENTMETHOD_LIST","PLATFORMINSTANCE_DELETE","PLATFORMINSTANCE_LIST","PLATFORMINSTANCE_SAVE","PROJECTPRINCIPALROLE_DELETE","PROJECTPRINCIPALROLE_LIST","PROJECTPRINCIPALROLE_SAVE","PROJECT_DELETE","PROJECT_LIST","PROJECT_SAVE","SERVICEINSTANCE_DELETE","SERVICEINSTANCE_LIST","SERVICEINSTANCE_SAVE","TENANT_DELETE","TENANT_LIST","TENANT_SAVE","TFSTATE_DELETE","TFSTATE_LIST","TFSTATE_SAVE","WORKSPACEPRINCIPALBINDING_DELETE","WORKSPACEPRINCIPALBINDING_LIST","WORKSPACEPRINCIPALBINDING_SAVE","WORKSPACEUSERGROUP_LIST","WORKSPACE_DELETE","WORKSPACE_LIST","WORKSPACE_SAVE"],"expiresAt":null}', 'null');
INSERT INTO public.events VALUES ('f19d0451-6841-4174-a751-789d97b1bfac', '2026-11-30 02:10:23.725119+00', 'API Key Created', 'Created', 'System', 'system', '{"type":"System","identifier":"system","displayName":"System","username":null,"email":null,"euid":null}', 'admin', 'meshApiKey', 'c6c600e3-5c15-4caf-b064-7541f798c8a5', '', '{"displayName":"shared runner","permissions":[],"expiresAt":null,"runner":"98520496-627d-43e6-82da-ce499179ff3f"}', 'null');
INSERT INTO public.events VALUES ('d13420fd-9616-45b2-a4e5-b6ae4f3cd8c0', '2026-11-30 02:10:24.79955+00', 'Workspace Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshWorkspace', 'platform', '', '{"displayName":"platform","tags":{},"platformBuilderAccessEnabled":true}', 'null');
INSERT INTO public.events VALUES ('0135bae2-436c-4c12-9a30-050bab94bcb6', '2026-11-30 02:10:24.806608+00', 'Workspace Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshWorkspace', 'shop', '', '{"displayName":"shop","tags":{},"platformBuilderAccessEnabled":true}', 'null');
INSERT INTO public.events VALUES ('b5e3086f-46bc-4896-b7b2-751bb71f69bf', '2026-11-30 02:10:24.820952+00', 'Payment Method Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshPaymentMethod', 'budget', '', '{"displayName":"Budget","expirationDate":"2026-12-31","amount":25000,"tags":{}}', 'null');
INSERT INTO public.events VALUES ('107874ff-0a0a-4a02-b98b-5b223670cd97', '2026-11-30 02:10:24.837883+00', 'Project Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshProject', 'shop.dev', '', '{"displayName":"Dev","tags":{},"paymentMethodIdentifier":"budget","substitutePaymentMethodIdentifier":null}', 'null');
INSERT INTO public.events VALUES ('4d9ad157-88e0-4002-abc2-575de314d495', '2026-11-30 02:10:24.882276+00', 'Integration Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshIntegration', '26d066f2-0435-49a0-b5be-cd7a55336daf', '', '{"displayName":"GitLab","type":"gitlab","settings":{"baseUrl":"https://gitlab.example.test"},"runner":"98520496-627d-43e6-82da-ce499179ff3f","secret":null}', 'null');
INSERT INTO public.events VALUES ('8008ed7f-db9d-4046-85c2-492c99d97e68', '2026-11-30 02:10:25.029874+00', 'Building Block Definition Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinition', '4901eedf-d2a6-4095-ba27-549d49370d12', '', '{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}', 'null');
INSERT INTO public.events VALUES ('6d4496f9-cfb0-44e3-8273-0ceddf8d2a6f', '2026-11-30 02:10:25.098221+00', 'Definition Version Modified', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', 'a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO public.events VALUES ('f6aa78dd-eda0-4073-80b3-0210059ede1b', '2026-11-30 02:10:25.123862+00', 'Definition Version Released', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', 'a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"RELEASED","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":["size"],"outputs":["size"],"dependencies":[],"contentHash":"4f66fda7a02ea18b71224de83e38da717437c3aa4a3ca9315e30a43a8d14eeea"}');
INSERT INTO public.events VALUES ('ffbd72e1-3efa-4cc0-b435-ecb413ccad0c', '2026-11-30 02:10:25.176861+00', 'Building Block Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlock', 'c1866fdd-b143-41d2-849d-4f027714b61f', 'sample', '{"displayName":"sample","definition":"4901eedf-d2a6-4095-ba27-549d49370d12","version":"a4bb44c1-25d2-4e81-a34e-2bd8a4525de3","versionNumber":1,"parents":[],"inputs":["size"]}', 'null');
INSERT INTO public.events VALUES ('b1461424-df5f-4adb-b77a-c09d5be2f12e', '2026-11-30 02:10:25.18799+00', 'Building Block Run Requested', 'Requested', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', '3c87ca3c-0078-42ba-96f6-d5055b1a6b6c', '', '{"buildingBlock":"c1866fdd-b143-41d2-849d-4f027714b61f","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}', 'null');
INSERT INTO public.events VALUES ('8003e337-2688-4b51-bbcb-5fa853252d3f', '2026-11-30 02:10:25.238507+00', 'Building Block Run Finished', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', '3c87ca3c-0078-42ba-96f6-d5055b1a6b6c', '', '{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}', 'null');
INSERT INTO public.events VALUES ('4182d3c7-64a1-457d-90d7-e9643fc9dacd', '2026-11-30 02:10:25.399996+00', 'Building Block Runner Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockRunner', 'bb4de22c-f50a-414f-af8f-646f664f63ea', '', '{"displayName":"own runner","implementationType":"TERRAFORM","restriction":"PRIVATE","publicKey":"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua\nqLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/\nqmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3\n/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a\ngaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG\nH+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5\nxQIDAQAB\n-----END PUBLIC KEY-----\n"}', 'null');
INSERT INTO public.events VALUES ('942cf32a-e77c-415b-a81a-f0ca9c6294e4', '2026-11-30 02:10:25.473443+00', 'Building Block Definition Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinition', '4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9', '', '{"displayName":"Sample","description":"A sample","runTransparency":true,"useInLandingZonesOnly":false,"tags":{}}', 'null');
INSERT INTO public.events VALUES ('d174c809-be10-45fb-af46-6659ccbc0df1', '2026-11-30 02:10:25.568664+00', 'Definition Version Modified', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', '479cc689-b1b8-49de-8f94-0b3180168f6c', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"bb4de22c-f50a-414f-af8f-646f664f63ea","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"d7148a4a8e2149acb2aae18fd83fecdfba6cb11695ee685f09334bc9e93996e3"}', '{"versionNumber":1,"state":"DRAFT","implementation":"MANUAL","runner":"98520496-627d-43e6-82da-ce499179ff3f","inputs":[],"outputs":[],"dependencies":[],"contentHash":"9ac73437d3b3fb57735dbb2cf50e6234bcbc00938fb4af75f79a257e479d398f"}');
INSERT INTO public.events VALUES ('607ffe8c-b866-4627-a9f7-8d023b5aca0c', '2026-11-30 02:10:25.61663+00', 'Definition Version Released', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshBuildingBlockDefinitionVersion', '479cc689-b1b8-49de-8f94-0b3180168f6c', 'version 1 of ''Sample''', '{"versionNumber":1,"state":"RELEASED","implementation":"TERRAFORM","runner":"bb4de22c-f50a-414f-af8f-646f664f63ea","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"d7148a4a8e2149acb2aae18fd83fecdfba6cb11695ee685f09334bc9e93996e3"}', '{"versionNumber":1,"state":"DRAFT","implementation":"TERRAFORM","runner":"bb4de22c-f50a-414f-af8f-646f664f63ea","inputs":["name","password"],"outputs":["url"],"dependencies":[],"contentHash":"d7148a4a8e2149acb2aae18fd83fecdfba6cb11695ee685f09334bc9e93996e3"}');
INSERT INTO public.events VALUES ('f105f61d-24f9-47cf-8949-6cbe41ab5140', '2026-11-30 02:10:25.648817+00', 'Building Block Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlock', 'b5a5d4d0-9403-40db-96a4-e151d0825b7d', 'sample', '{"displayName":"sample","definition":"4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9","version":"479cc689-b1b8-49de-8f94-0b3180168f6c","versionNumber":1,"parents":[],"inputs":["name","password"]}', 'null');
INSERT INTO public.events VALUES ('36a180f6-32e4-4765-b7fc-1a5c94b01897', '2026-11-30 02:10:25.650483+00', 'Building Block Run Requested', 'Requested', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', '943898a0-a0e1-43c1-80bd-906f18c772cf', '', '{"buildingBlock":"b5a5d4d0-9403-40db-96a4-e151d0825b7d","number":1,"behavior":"APPLY","reason":"BUILDING_BLOCK_CREATION","status":"PENDING"}', 'null');
INSERT INTO public.events VALUES ('f1f675f3-a994-40fa-a029-2ca417f3d9d0', '2026-11-30 02:10:25.790116+00', 'API Key Created', 'Created', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'platform', 'meshApiKey', '32edc73a-7266-4de7-8522-d084768e97a5', '', '{"displayName":"runner","permissions":["MANAGED_BUILDINGBLOCKRUN_SAVE"],"expiresAt":null}', 'null');
INSERT INTO public.events VALUES ('0651250d-19cf-481b-9222-76701fb69928', '2026-11-30 02:10:25.950408+00', 'Building Block Run Finished', 'Changed', 'ApiKey', 'run-943898a0-a0e1-43c1-80bd-906f18c772cf', '{"type":"ApiKey","identifier":"run-943898a0-a0e1-43c1-80bd-906f18c772cf","displayName":"Run 943898a0-a0e1-43c1-80bd-906f18c772cf","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', '943898a0-a0e1-43c1-80bd-906f18c772cf', '', '{"status":"SUCCEEDED","number":1,"behavior":"APPLY"}', 'null');
INSERT INTO public.events VALUES ('f2a87903-22c2-4b66-8ca0-910e3fbcc8f8', '2026-11-30 02:10:25.993953+00', 'Building Block Modified', 'Changed', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlock', 'b5a5d4d0-9403-40db-96a4-e151d0825b7d', 'sample', '{"displayName":"sample","definition":"4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9","version":"479cc689-b1b8-49de-8f94-0b3180168f6c","versionNumber":1,"parents":[],"inputs":["name","password"],"changedInputs":["password"]}', '{"displayName":"sample","definition":"4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9","version":"479cc689-b1b8-49de-8f94-0b3180168f6c","versionNumber":1,"parents":[],"inputs":["name","password"]}');
INSERT INTO public.events VALUES ('319a5a52-fc2e-4f58-a555-23021e643297', '2026-11-30 02:10:25.99778+00', 'Building Block Run Requested', 'Requested', 'ApiKey', '7ede5434-b3a6-4235-b4f2-072fcf5143c5', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', 'shop', 'meshBuildingBlockRun', '8db825bf-503c-4fed-97d2-982d5e5d2b0a', '', '{"buildingBlock":"b5a5d4d0-9403-40db-96a4-e151d0825b7d","number":2,"behavior":"APPLY","reason":"BUILDING_BLOCK_INPUTS_UPDATE","status":"PENDING"}', 'null');












INSERT INTO public.integrations VALUES ('26d066f2-0435-49a0-b5be-cd7a55336daf', 'platform', 'GitLab', 'gitlab', '{"baseUrl":"https://gitlab.example.test"}', 'null', '98520496-627d-43e6-82da-ce499179ff3f', '2026-11-30 02:10:24.875252+00', 0);



INSERT INTO public.master_key_check VALUES (1, '\x016e0ed7b299c0f9441c4d78496af774a2ac4406e24dbeed10e9840b69');



INSERT INTO public.payment_methods VALUES ('51505014-f7a8-4eef-84b0-ac4b88394f48', 'shop', 'budget', 'Budget', '2026-12-31', 25000, '{}', '2026-11-30 02:10:24.819478+00', NULL, 0);



INSERT INTO public.projects VALUES ('d8ce3f73-1db0-4757-8ea8-473292139b84', 'shop', 'dev', 'Dev', '{}', 'budget', NULL, '2026-11-30 02:10:24.834543+00', NULL, 0);






INSERT INTO public.run_attempts VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', 1, '11a6b92d321b53f66775792a4ec5a61256a6aace6e2a742834d75da759380ac7', 'OFFICIAL', 120, NULL, '2026-11-30 02:10:25.800827+00', '2026-11-30 02:10:25.933938+00', '2026-11-30 02:10:25.933938+00', '2026-11-30 02:12:25.933938+00', 'ENDED');



INSERT INTO public.run_documents VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', '{"kind":"meshBuildingBlockRun","apiVersion":"v1","metadata":{"uuid":"943898a0-a0e1-43c1-80bd-906f18c772cf","createdOn":"2026-11-30T02:10:25Z"},"spec":{"runNumber":1,"behavior":"APPLY","buildingBlock":{"uuid":"b5a5d4d0-9403-40db-96a4-e151d0825b7d","spec":{"displayName":"sample","workspaceIdentifier":"shop","projectIdentifier":null,"fullPlatformIdentifier":null,"inputs":[{"key":"name","type":"STRING","isSensitive":false,"isEnvironment":false,"value":"invoices"},{"key":"password","type":"STRING","isSensitive":true,"isEnvironment":false,"value":"M74+3HgVRe6PsBJYhwQr1h1ITi/xRN13rFTUOuhr7S5sST1bfohIOJFp75TFh30UTn7eFufQpqJqQ5ciy1mc8m7a9kRHZQISuFrg1QRHgpSIqc6wbEzWi4SRM1G4AUN2/cvzbGDDaiOTRKUEEOXESrcpoeJ+pDq4rK28jB2Etr0CT22wOM5IWwUC3YCtCdwuPBPDuQfd3piMZnKcA5k7cEGMOqFg04YOEJx4D62yH3QKoioboJtSvkmsZoAXtXYg5JyE+4rY9DYxESvv4Oq5iFS7/4QdDnWm5NT/+TNqZDzuHueCYmb1LPJ1k+sGL3Vi3+zXDtgCvNEdpJLZiNZTEgAAAAx1cXO0KqfMbnEBalH1dfLL2aU5nEVbN3tQ7NbF5a4OberXFFRsi44RNw==","hash":"sha256:7f86a716a37fbcf047f530036265a7a0a81488475fe2cef810182533d928afc6"},{"key":"MESHSTACK_ENDPOINT","value":"http://127.0.0.1:43485","type":"STRING","isSensitive":false,"isEnvironment":true}],"parentBuildingBlocks":[]}},"buildingBlockDefinition":{"uuid":"4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9","spec":{"workspaceIdentifier":"platform","version":1,"implementation":{"type":"TERRAFORM","terraformVersion":"1.11.4","repositoryUrl":"https://git.example.test/bucket.git","async":false,"useMeshHttpBackendFallback":true}}},"trigger":{"reason":"BUILDING_BLOCK_CREATION","author":{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}}},"status":"IN_PROGRESS","_links":{"self":{"href":"http://127.0.0.1:43485/api/meshobjects/meshbuildingblockruns/943898a0-a0e1-43c1-80bd-906f18c772cf"},"registerSource":{"href":"http://127.0.0.1:43485/api/meshobjects/meshbuildingblockruns/943898a0-a0e1-43c1-80bd-906f18c772cf/status/source"},"updateSource":{"href":"http://127.0.0.1:43485/api/meshobjects/meshbuildingblockruns/943898a0-a0e1-43c1-80bd-906f18c772cf/status/source/{sourceId}","templated":true},"meshstackBaseUrl":{"href":"http://127.0.0.1:43485"}}}');



INSERT INTO public.run_log_chunks VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', 5, 1, 'own', 'execute_tf', 0, '\x6372656174656420746865206275636b6574');



INSERT INTO public.run_outputs VALUES ('3c87ca3c-0078-42ba-96f6-d5055b1a6b6c', 0, '{"size":{"value":16,"type":"INTEGER","isSensitive":false}}');
INSERT INTO public.run_outputs VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', 1, '{"url":{"value":"https://bucket.example.test","type":"STRING","isSensitive":false}}');



INSERT INTO public.run_sources VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', 1, 'own', 0, NULL, NULL);



INSERT INTO public.run_steps VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', 1, 'own', 'execute_tf', 0, 'Apply', 'SUCCEEDED', NULL, '2026-11-30 02:10:25.935173+00', '2026-11-30 02:10:25.935173+00', 18, '\x', '72cb39b7cfc327c891dfc72abb851be6fb718eaa6f5edc401e79aa2f25f7030d', 4);









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
', 'ALL', 'PUBLIC', false, 'null', '2026-11-30 02:10:23.710974+00', NULL, 0, 2, NULL);
INSERT INTO public.runners VALUES ('bb4de22c-f50a-414f-af8f-646f664f63ea', 'platform', 'own runner', '-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnCAjaIdspfyxS6OqQ5ua
qLoN7BaVPByZpaIlM7MRVGpr9CLndDR6QT/pKZZ6JHu2yXaEjQ13zJ2rTNxrxtK/
qmXYYj6G3qTF7oUTmNBol2igLOfmplzXKdyiiIk403Bx5AwDxlM6G4HgcVOC6ON3
/C2atD7lPSctTz8DkzvqVx/6o0G8bQ60fLedhKr8fPRTivu8zoXQ8NJ6Ohu8ul7a
gaX7kWdgCXt6zvqYyRNGFqLEKy09sYjg+DHodp3mJRSzroh4wdH35U6qom6fRvUG
H+sOu2UYk8hLdxIL0hTosguUwIwZUFjlBB7NxqmFVqBEim02UmdX88m9KL72cRW5
xQIDAQAB
-----END PUBLIC KEY-----
', 'TERRAFORM', 'PRIVATE', true, 'null', '2026-11-30 02:10:25.394938+00', '2026-11-30 02:10:25.800827+00', 0, 0, '2026-11-30 02:10:25.800827+00');



INSERT INTO public.runs VALUES ('3c87ca3c-0078-42ba-96f6-d5055b1a6b6c', 1, 'c1866fdd-b143-41d2-849d-4f027714b61f', 'sample', 'shop', 'platform', '4901eedf-d2a6-4095-ba27-549d49370d12', 'a4bb44c1-25d2-4e81-a34e-2bd8a4525de3', 1, '98520496-627d-43e6-82da-ce499179ff3f', 'admin', 'MANUAL', false, 'APPLY', 'BUILDING_BLOCK_CREATION', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '2026-11-30 02:10:25.185806+00', '2026-11-30 02:10:25.185806+00', 'SUCCEEDED', 0, 0, NULL, NULL, '2026-11-30 02:10:25.198337+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 2, 2, 0, 1);
INSERT INTO public.runs VALUES ('943898a0-a0e1-43c1-80bd-906f18c772cf', 1, 'b5a5d4d0-9403-40db-96a4-e151d0825b7d', 'sample', 'shop', 'platform', '4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9', '479cc689-b1b8-49de-8f94-0b3180168f6c', 1, 'bb4de22c-f50a-414f-af8f-646f664f63ea', 'platform', 'TERRAFORM', false, 'APPLY', 'BUILDING_BLOCK_CREATION', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '2026-11-30 02:10:25.649983+00', '2026-11-30 02:10:25.649983+00', 'SUCCEEDED', 1, 0, NULL, '2026-11-30 02:10:25.800827+00', '2026-11-30 02:10:25.942274+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 6, 6, 18, 2);
INSERT INTO public.runs VALUES ('8db825bf-503c-4fed-97d2-982d5e5d2b0a', 2, 'b5a5d4d0-9403-40db-96a4-e151d0825b7d', 'sample', 'shop', 'platform', '4a3c99d1-39b8-4ebb-bfc6-1e39bfddeec9', '479cc689-b1b8-49de-8f94-0b3180168f6c', 1, 'bb4de22c-f50a-414f-af8f-646f664f63ea', 'platform', 'TERRAFORM', false, 'APPLY', 'BUILDING_BLOCK_INPUTS_UPDATE', '{"type":"ApiKey","identifier":"7ede5434-b3a6-4235-b4f2-072fcf5143c5","displayName":"administrator","username":null,"email":null,"euid":null}', '2026-11-30 02:10:25.994587+00', '2026-11-30 02:10:25.994587+00', 'PENDING', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 1, 1, 0, 0);









INSERT INTO public.sign_in_links VALUES ('5bd2342b595b0b065eadcea418221b976fb52cd496efe07f49bdb5851ebe4422', '1db19268-2aa3-4acd-aff2-d632ef555e0a', 0, '2026-11-30 02:25:23.732371+00');









INSERT INTO public.state_versions VALUES ('b5a5d4d0-9403-40db-96a4-e151d0825b7d', 1, 1, '3f9e', 'c7b370150775a3c892b7601c74238a41', 174, '2026-11-30 02:10:25.926193+00', 'run 1', '943898a0-a0e1-43c1-80bd-906f18c772cf', 1, true, '\x01bcbc9d7fb8c59a1d657e29c527c33d95efbb84405ba38c32211ad0626589e79210bd22766765531f0517f4f147359456c6a0ac613b1929e7a0c04603aade480fcb1b35c3ccae951d445e51a591f73adc86e109cabcef730d27ccba81d04b21891524618a7d1ed342a70c9c15b9434053acee3e38e07429974e1becf27c791801ad4b6dac6f096b9b3de0fc23585f05af2a1cc4f13c43372d474c90c11afc501c652e9704');



INSERT INTO public.users VALUES ('1db19268-2aa3-4acd-aff2-d632ef555e0a', 'admin', '', '', '', NULL, '$argon2id$v=19$m=19456,t=2,p=1$9oppK35UWaA1f2q6jp8+eA$PIQ++0YQAS2sMtVjXzE+WfPu/vaFHejz94XP9grOTy0', true, false, '2026-11-30 02:10:23.685835+00', 0, 0, false, 'admin', NULL);






INSERT INTO public.workspaces VALUES ('admin', 'Administration', '{}', true, '2026-11-30 02:10:23.531565+00', NULL, 0);
INSERT INTO public.workspaces VALUES ('platform', 'platform', '{}', true, '2026-11-30 02:10:24.798939+00', NULL, 0);
INSERT INTO public.workspaces VALUES ('shop', 'shop', '{}', true, '2026-11-30 02:10:24.806021+00', NULL, 0);



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



ALTER TABLE ONLY public.ended_tokens
    ADD CONSTRAINT pk_ended_tokens PRIMARY KEY (id);



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



ALTER TABLE ONLY public.payment_methods
    ADD CONSTRAINT pk_payment_methods PRIMARY KEY (id);



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



ALTER TABLE ONLY public.sign_in_counts
    ADD CONSTRAINT pk_sign_in_counts PRIMARY KEY (bucket);



ALTER TABLE ONLY public.sign_in_links
    ADD CONSTRAINT pk_sign_in_links PRIMARY KEY (token_hash);



ALTER TABLE ONLY public.sign_in_places
    ADD CONSTRAINT pk_sign_in_places PRIMARY KEY (user_id, place);



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



CREATE INDEX ix_ended_tokens_expires_at ON public.ended_tokens USING btree (expires_at);



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



CREATE INDEX ix_payment_methods_created_at ON public.payment_methods USING btree (created_at, id);



CREATE INDEX ix_payment_methods_name ON public.payment_methods USING btree (name);



CREATE INDEX ix_payment_methods_workspace ON public.payment_methods USING btree (workspace, created_at, id);



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



CREATE INDEX ix_sign_in_counts_started_at ON public.sign_in_counts USING btree (started_at);



CREATE INDEX ix_sign_in_links_user_id ON public.sign_in_links USING btree (user_id);



CREATE INDEX ix_state_locks_run_id ON public.state_locks USING btree (run_id);



CREATE INDEX ix_users_created_at ON public.users USING btree (created_at, id);



CREATE INDEX ix_workspace_bindings_name ON public.workspace_bindings USING btree (name, kind);



CREATE INDEX ix_workspace_bindings_subject ON public.workspace_bindings USING btree (subject, kind);



CREATE INDEX ix_workspace_bindings_workspace ON public.workspace_bindings USING btree (workspace, created_at);



CREATE INDEX ix_workspaces_created_at ON public.workspaces USING btree (created_at, name);



CREATE UNIQUE INDEX uq_definition_versions_draft ON public.definition_versions USING btree (definition_id) WHERE ((state)::text = 'DRAFT'::text);



CREATE UNIQUE INDEX uq_payment_methods_live_name ON public.payment_methods USING btree (name) WHERE (deleted_at IS NULL);



CREATE UNIQUE INDEX uq_projects_live_name ON public.projects USING btree (workspace, name) WHERE (deleted_at IS NULL);



CREATE UNIQUE INDEX uq_runs_unfinished ON public.runs USING btree (block_id) WHERE (finished_at IS NULL);



CREATE UNIQUE INDEX uq_state_versions_current ON public.state_versions USING btree (block_id) WHERE is_current;



CREATE UNIQUE INDEX uq_users_email_key ON public.users USING btree (email_key);



CREATE UNIQUE INDEX uq_users_username_key ON public.users USING btree (username_key);



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



ALTER TABLE ONLY public.payment_methods
    ADD CONSTRAINT fk_payment_methods_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(name);



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



ALTER TABLE ONLY public.sign_in_links
    ADD CONSTRAINT fk_sign_in_links_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.sign_in_places
    ADD CONSTRAINT fk_sign_in_places_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;



ALTER TABLE ONLY public.workspace_bindings
    ADD CONSTRAINT fk_workspace_bindings_workspace FOREIGN KEY (workspace) REFERENCES public.workspaces(name);




