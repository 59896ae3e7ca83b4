//! The second wall, with the first one taken away: statements that name no organization, and statements that name a
//! foreign one, in transactions that are for one organization. Row-level security is PostgreSQL's alone; the last look at
//! the actor's rights is made on both.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::Role;
use domain::{
    Action, Actor, OrgId, Organization, Permit, Principal, Share, ShareLimits, ShareTarget, Shareable, Standing, Subject, Tenant,
    UsePermit, UserId, decide, share,
};
use store::{Store, StoreError, Tx};
use vault::WrappedRing;

use crate::world::{World, at, id, of, on_both, permit};

on_both![
    rights_that_were_taken_away_stop_a_writing_transaction,
    a_service_token_is_held_as_a_person_is,
    what_is_lent_can_be_entered_on_both,
];

mod on_postgres_alone {
    macro_rules! tests {
        ($($test:ident),* $(,)?) => { $(#[test] fn $test() { crate::world::on_postgres(super::$test); })* };
    }
    tests![
        every_table_of_organizations_is_behind_the_wall,
        statements_that_forget_their_organization_find_only_its_rows,
        nothing_of_another_organization_can_be_written,
        without_an_organization_nothing_is_seen,
        the_log_can_only_grow,
        what_is_lent_is_reached_and_nothing_else_of_its_owner,
        what_is_lent_cannot_be_changed,
        a_root_reaches_below_where_it_has_to,
        a_removal_waits_for_what_its_subject_is_writing,
    ];
}

/// Every table with rows of organizations. Memberships are what permits are made of, and belong to people as well.
const TABLES: [&str; 37] = [
    "apple_webhooks",
    "app_settings",
    "binaries",
    "binary_uploads",
    "build_parts",
    "secrets",
    "rings",
    "api_keys",
    "key_checks",
    "key_features",
    "key_last_uses",
    "key_last_results",
    "certificates",
    "csrs",
    "device_invitations",
    "device_challenges",
    "pending_devices",
    "profiles",
    "profile_files",
    "profile_certificates",
    "signing_sets",
    "signing_set_items",
    "operations",
    "jobs",
    "idempotency_keys",
    "invitations",
    "service_tokens",
    "shares",
    "activity",
    "notices",
    "calendar_links",
    "membership_years",
    "mail_days",
    "notification_channels",
    "notice_deliveries",
    "notice_outbox",
    "automatic_renewals",
];

/// A statement for one organization or one key. Statements are `'static` so that nobody puts one together at run time;
/// only tests may.
fn leaked(statement: String) -> &'static str {
    String::leak(statement)
}

fn organization(number: u32) -> OrgId {
    id("org", number)
}

/// One row in each table but the rings, which organizations are made with.
async fn furnish(tx: &mut Tx, number: u32) {
    let org = organization(number);
    let key = format!("key_{number:032x}");
    for values in [
        format!(
            "api_keys (id, organization_id, name, kind, key_id, roles, fingerprint, health, health_since, overrides, generation, added_by, added_at) VALUES ('{key}', '{org}', 'k', 'team', 'KEYID{number:05}', '[]', '', '', 0, '[]', 1, '', 0)"
        ),
        format!(
            "binaries (id, organization_id, file_name, kind, size, sha256, folded, release_candidate, uploaded_by, uploaded_at) VALUES ('bin_{number}', '{org}', '', 'ipa', 1, '', '', FALSE, '', 0)"
        ),
        format!(
            "apple_webhooks (id, organization_id, api_key_id, identifier, app_id, created_at) VALUES ('hook_{number}', '{org}', '{key}', '', '', 0)"
        ),
        format!("app_settings (organization_id, identifier, changed_at) VALUES ('{org}', 'com.example.app', 0)"),
        format!("build_parts (organization_id, file_id, part_offset, part_length) VALUES ('{org}', 'file', 0, 1)"),
        format!(
            "binary_uploads (id, organization_id, file_name, size, received, created_by, created_at, touched_at) VALUES ('bup_{number}', '{org}', '', 1, 0, '', 0, 0)"
        ),
        format!(
            "secrets (organization_id, kind, object_id, field, version, sealed) VALUES ('{org}', 'api_key', '{key}', 'private_key', 1, '')"
        ),
        format!("key_checks (organization_id, api_key_id, day, mark, checked_at) VALUES ('{org}', '{key}', '2026-11-23', '', 0)"),
        format!("key_features (organization_id, api_key_id, feature) VALUES ('{org}', '{key}', 'profiles')"),
        format!(
            "key_last_uses (organization_id, api_key_id, user_organization_id, last_use, used_at) VALUES ('{org}', '{key}', '{org}', '', 0)"
        ),
        format!(
            "key_last_results (organization_id, api_key_id, user_organization_id, feature, last_result) VALUES ('{org}', '{key}', '{org}', '', '')"
        ),
        format!(
            "certificates (id, organization_id, apple_id, certificate_type, name, serial, public_key_fingerprint, sha1, der, expires_at, origin, added_at) VALUES ('cert_{number}', '{org}', '', '', '', '', '', '', '', 0, '', 0)"
        ),
        format!(
            "csrs (id, organization_id, name, pem, public_key_fingerprint, private_key_id, created_by, created_at) VALUES ('csr_{number}', '{org}', '', '', '', '', '', 0)"
        ),
        format!(
            "profiles (id, organization_id, name, folded, profile_type, uuid, bundle_identifier, certificates, devices, device_rule, standing, created_at, expires_at, origin, added_at) VALUES ('prof_{number}', '{org}', '', '', '', '', '', '[]', '[]', 'chosen', 'ready', 0, 0, '', 0)"
        ),
        format!(
            "device_invitations (id, organization_id, token_hash, name, keys, automatic, uses, used, invited_by, created_at, sent_at, expires_at, delivery) VALUES ('dinv_{number}', '{org}', '\\x{number:02x}', '', '[]', FALSE, 1, 0, '', 0, 0, 0, '')"
        ),
        format!("device_challenges (organization_id, invitation_id, challenge_hash, expires_at) VALUES ('{org}', 'dinv_{number}', '', 0)"),
        format!(
            "pending_devices (id, organization_id, udid, name, keys, came, arrived_at) VALUES ('dev_{number}', '{org}', '', '', '[]', '', 0)"
        ),
        format!("profile_files (organization_id, profile_id, content) VALUES ('{org}', 'prof_{number}', '')"),
        format!("profile_certificates (organization_id, profile_id, public_key_fingerprint) VALUES ('{org}', 'prof_{number}', '')"),
        format!(
            "signing_sets (id, organization_id, name, folded, profile_type, made_at, changed_at) VALUES ('set_{number}', '{org}', '', '', '', 0, 0)"
        ),
        format!("signing_set_items (organization_id, set_id, identifier) VALUES ('{org}', 'set_{number}', '')"),
        format!(
            "operations (id, organization_id, started_by, kind, state, detail, started_at, updated_at) VALUES ('op_{number}', '{org}', '', '', '', '', 0, 0)"
        ),
        format!(
            "jobs (id, organization_id, kind, object_id, payload, run_at, attempts) VALUES ('job_{number}', '{org}', '', '{key}', '', 0, 0)"
        ),
        format!(
            "idempotency_keys (organization_id, principal, key, request_hash, created_at, carried_secret) VALUES ('{org}', '', '', '', 0, FALSE)"
        ),
        format!(
            "invitations (id, organization_id, token_hash, email, roles, invited_by, created_at, sent_at, expires_at, delivery) VALUES ('inv_{number}', '{org}', '\\x{number:02x}', '', '', '', 0, 0, 0, '')"
        ),
        format!(
            "shares (organization_id, item_kind, item_id, target, limits, shared_by, shared_at) VALUES ('{org}', 'api-key', '{key}', 'all', '', '', 0)"
        ),
        format!(
            "activity (sequence, id, organization_id, root_id, at, actor, action, event, outcome)
             SELECT 1000 + {number}, 'act_{number}', id, COALESCE(parent_id, id), 0, '', '', '', '' FROM organizations WHERE id = '{org}'"
        ),
        format!(
            "notices (sequence, organization_id, root_id, topic, object_id)
             SELECT 1000 + {number}, id, COALESCE(parent_id, id), '', '' FROM organizations WHERE id = '{org}'"
        ),
        format!(
            "automatic_renewals (certificate_id, organization_id, days_before, set_by, set_at) VALUES ('cert_{number}', '{org}', 30, '', 0)"
        ),
        format!(
            "notification_channels (id, organization_id, name, folded, target, secret_version, created_by, created_at, failure_told) VALUES ('chan_{number}', '{org}', '', '', '', 0, '', 0, false)"
        ),
        format!(
            "notice_deliveries (id, organization_id, channel_id, recipient, content, created_at, attempts, state) VALUES ('dlv_{number}', '{org}', 'chan_{number}', '', '', 0, 0, '')"
        ),
        format!("notice_outbox (sequence, organization_id) VALUES (1000 + {number}, '{org}')"),
        format!(
            "calendar_links (user_id, organization_id, token_hash, made_at) VALUES ('{}', '{org}', '\\x{number:02x}', 0)",
            id::<domain::UserId>("user", number.min(2))
        ),
        format!("mail_days (organization_id, day, number) VALUES ('{org}', 20000, 1)"),
        format!("membership_years (organization_id, api_key_id, ends_on) VALUES ('{org}', '{key}', '2027-03-01')"),
        service_token(number),
    ] {
        tx.run(leaked(format!("INSERT INTO {values}"))).await.expect("inserted");
    }
}

fn service_token(number: u32) -> String {
    let org = organization(number);
    format!(
        "service_tokens (id, organization_id, token_hash, name, folded, roles, address_ranges, created_by, created_at, expires_at)
         VALUES ('svc_{number:032x}', '{org}', '{number}', '', '', '', '', '', 0, 0)"
    )
}

/// The two organizations of the world with one row in each table.
async fn furnished(world: &World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in [1, 2] {
        furnish(&mut tx, number).await;
    }
    tx.commit().await.expect("kept");
}

/// A sub-organization of organization 1, with a row in each table and with the first person as its Owner.
async fn sub_organization(store: &Store, number: u32) -> Tenant {
    let child = Organization {
        id: organization(number),
        parent: Some(organization(1)),
        name: of(&format!("Below {number}")),
        created_at: at(0),
    };
    let mut tx = store.begin_over_all().await.expect("begins");
    tx.create_organization(&child, &WrappedRing::from_bytes(vec![9]))
        .await
        .expect("made");
    furnish(&mut tx, number).await;
    tx.commit().await.expect("kept");
    Tenant::below(organization(1), child.id)
}

fn owner_in(tenant: Tenant, action: Action) -> Permit {
    let roles = BTreeMap::from([(tenant.id, BTreeSet::from([Role::Owner]))]);
    decide(&Principal::new(Actor::Person { user: id("user", 1) }, roles), action, tenant).expect("an owner may")
}

/// Organization 1's key as the sub-organization may use it.
fn lent_to(tenant: Tenant) -> UsePermit {
    let item = Shareable::ApiKey(id("key", 1));
    let share = Share {
        owner: organization(1),
        item,
        target: ShareTarget::All,
        limits: ShareLimits::default(),
        shared_by: Subject::User(id("user", 1)),
        shared_at: at(0),
    };
    share::lend(&owner_in(tenant, Action::SeeSigning), item, &[share], at(0)).expect("lent")
}

async fn rows(tx: &mut Tx, what: &str) -> u64 {
    tx.run(leaked(format!("SELECT 1 FROM {what}"))).await.expect("selected")
}

async fn every_table_of_organizations_is_behind_the_wall(world: World) {
    let mut tx = world.store.read().await.expect("begins");
    let behind = "pg_class WHERE relrowsecurity AND relforcerowsecurity";
    assert_eq!(rows(&mut tx, behind).await, TABLES.len() as u64);
    let outside = "pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
                   WHERE c.relkind = 'r' AND NOT c.relforcerowsecurity AND c.relname <> 'memberships'";
    assert_eq!(
        rows(&mut tx, outside).await,
        0,
        "a table with organization_id is not behind the wall"
    );
    for table in TABLES {
        let named = format!("{behind} AND relname = '{table}'");
        assert_eq!(rows(&mut tx, &named).await, 1, "{table}");
    }
}

async fn statements_that_forget_their_organization_find_only_its_rows(world: World) {
    furnished(&world).await;
    let mut everything = world.store.read_over_all().await.expect("begins");
    let mut reading = world.store.read_for(&permit(Action::SeeKeys, 1)).await.expect("begins");
    let mut writing = world.store.begin_for(&permit(Action::EditKey, 1)).await.expect("begins");
    for table in TABLES {
        assert_eq!(rows(&mut everything, table).await, 2, "{table}");
        for tx in [&mut reading, &mut writing] {
            assert_eq!(rows(tx, table).await, 1, "{table}");
            let theirs = format!("{table} WHERE organization_id = '{}'", organization(2));
            assert_eq!(rows(tx, &theirs).await, 0, "{table}");
        }
    }
}

async fn nothing_of_another_organization_can_be_written(world: World) {
    furnished(&world).await;
    let may = permit(Action::EditKey, 1);
    for table in TABLES {
        let mut tx = world.store.begin_for(&may).await.expect("begins");
        for theirs in ["", &format!(" WHERE organization_id = '{}'", organization(2))] {
            let own = u64::from(theirs.is_empty() && table != "activity");
            let touched = tx
                .run(leaked(format!("UPDATE {table} SET organization_id = organization_id{theirs}")))
                .await;
            assert_eq!(touched.expect("updated"), own, "{table}{theirs}");
            // A key of one's own has rows that hang on it; what is foreign is what matters here.
            if own == 0 {
                let deleted = tx.run(leaked(format!("DELETE FROM {table}{theirs}"))).await;
                assert_eq!(deleted.expect("deleted"), 0, "{table}{theirs}");
            }
        }
        if table == "activity" {
            continue;
        }
        // Given away, or planted.
        let given_away = tx
            .run(leaked(format!("UPDATE {table} SET organization_id = '{}'", organization(2))))
            .await;
        refused(table, given_away);
    }
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    refused("planted", tx.run(leaked(format!("INSERT INTO {}", service_token(2)))).await);
    drop(tx);
    let mut tx = world.store.read_over_all().await.expect("begins");
    for table in TABLES {
        assert_eq!(rows(&mut tx, table).await, 2, "{table}");
    }
}

fn refused<T: std::fmt::Debug>(what: &str, answer: Result<T, StoreError>) {
    match answer {
        Err(StoreError::Database(cause)) if cause.to_string().contains("row-level security") => {}
        other => panic!("{what}: {other:?}"),
    }
}

async fn without_an_organization_nothing_is_seen(world: World) {
    furnished(&world).await;
    // Whatever the connection did before.
    for _ in 0..20 {
        drop(world.store.begin_for(&permit(Action::EditKey, 1)).await.expect("begins"));
        drop(world.store.begin_over_all().await.expect("begins"));
    }
    for _ in 0..20 {
        let mut reading = world.store.read().await.expect("begins");
        let mut writing = world.store.begin().await.expect("begins");
        for table in TABLES {
            assert_eq!(rows(&mut reading, table).await, 0, "{table}");
            assert_eq!(rows(&mut writing, table).await, 0, "{table}");
        }
    }
}

async fn the_log_can_only_grow(world: World) {
    furnished(&world).await;
    for number in [1, 2] {
        let mut scopes = [
            world.store.begin().await.expect("begins"),
            world.store.begin_for(&permit(Action::SeeActivity, number)).await.expect("begins"),
            world.store.begin_over_all().await.expect("begins"),
        ];
        for tx in &mut scopes {
            assert_eq!(tx.run("UPDATE activity SET outcome = 'done'").await.expect("ran"), 0);
            assert_eq!(tx.run("DELETE FROM activity").await.expect("ran"), 0);
        }
    }
    // Anybody's act is written down, also of nobody in no organization.
    let mut tx = world.store.begin().await.expect("begins");
    tx.record(&crate::activity::record(1, 9)).await.expect("recorded");
    tx.commit().await.expect("kept");
    let mut tx = world.store.read_for(&permit(Action::SeeActivity, 1)).await.expect("begins");
    assert_eq!(rows(&mut tx, "activity").await, 2);
}

async fn what_is_lent_is_reached_and_nothing_else_of_its_owner(world: World) {
    furnished(&world).await;
    let tenant = sub_organization(&world.store, 3).await;
    sub_organization(&world.store, 4).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let root = organization(1);
    for statement in [
        format!(
            "INSERT INTO api_keys SELECT 'key_more', organization_id, name, kind, 'MORE', issuer_id, roles, fingerprint, team_id, health, health_since, last_check, last_good, overrides, generation, added_by, added_at, last_use FROM api_keys WHERE organization_id = '{root}'"
        ),
        format!(
            "INSERT INTO secrets SELECT organization_id, kind, 'key_more', field, version, sealed FROM secrets WHERE organization_id = '{root}'"
        ),
        format!("UPDATE shares SET target = '{}' WHERE organization_id = '{root}'", organization(4)),
        format!(
            "INSERT INTO shares SELECT organization_id, item_kind, item_id, 'all', limits, stops_at, shared_by, shared_at FROM shares WHERE organization_id = '{root}'"
        ),
        format!(
            "INSERT INTO shares SELECT organization_id, item_kind, item_id, '{}', limits, stops_at, shared_by, shared_at FROM shares WHERE organization_id = '{root}' AND target = 'all'",
            tenant.id
        ),
        format!(
            "INSERT INTO key_last_results SELECT organization_id, api_key_id, '{}', feature, last_result FROM key_last_results WHERE organization_id = '{root}'",
            tenant.id
        ),
        format!(
            "INSERT INTO key_last_uses SELECT organization_id, api_key_id, '{}', last_use, used_at FROM key_last_uses WHERE organization_id = '{root}'",
            tenant.id
        ),
    ] {
        assert_eq!(tx.run(leaked(statement)).await.expect("ran"), 1);
    }
    tx.commit().await.expect("kept");

    let of_root = format!(" WHERE organization_id = '{root}'");
    let before_lending = |table: &str| match table {
        // With all, and with this one; not the one with its sibling.
        "shares" => 2,
        "key_last_uses" | "key_last_results" => 1,
        _ => 0,
    };
    let lent = |table: &str| match table {
        "api_keys" | "secrets" | "rings" | "key_checks" | "key_features" | "jobs" => 1,
        other => before_lending(other),
    };
    let item = lent_to(tenant);
    let mut tx = world.store.begin_for(&owner_in(tenant, Action::SeeSigning)).await.expect("begins");
    for table in TABLES {
        assert_eq!(rows(&mut tx, &format!("{table}{of_root}")).await, before_lending(table), "{table}");
    }
    tx.also_for(&item).await.expect("entered");
    let mut entered = world.store.read_for(&item).await.expect("begins");
    for table in TABLES {
        for tx in [&mut tx, &mut entered] {
            assert_eq!(rows(tx, &format!("{table}{of_root}")).await, lent(table), "{table}");
            // Its own and the lent ones: nothing of its sibling, nothing of strangers.
            assert_eq!(rows(tx, table).await, lent(table) + 1, "{table}");
        }
    }
}

async fn what_is_lent_cannot_be_changed(world: World) {
    furnished(&world).await;
    let tenant = sub_organization(&world.store, 3).await;
    let of_root = format!("organization_id = '{}'", organization(1));
    let scope = lent_to(tenant);
    let mut tx = world.store.begin_for(&scope).await.expect("begins");
    let locked = tx.run(leaked(format!("SELECT 1 FROM api_keys WHERE {of_root} FOR UPDATE"))).await;
    assert_eq!(locked.expect("locked"), 1);
    let held = tx.run(leaked(format!("SELECT 1 FROM shares WHERE {of_root} FOR SHARE"))).await;
    assert_eq!(held.expect("held"), 1);
    for table in ["api_keys", "secrets", "rings", "shares", "key_checks"] {
        let deleted = tx.run(leaked(format!("DELETE FROM {table} WHERE {of_root}"))).await;
        assert_eq!(deleted.expect("ran"), 0, "{table}");
    }
    for (table, change) in [("secrets", "sealed = ''"), ("rings", "wrapped = ''"), ("key_checks", "mark = ''")] {
        let changed = tx.run(leaked(format!("UPDATE {table} SET {change} WHERE {of_root}"))).await;
        assert_eq!(changed.expect("ran"), 0, "{table}");
    }
    drop(tx);
    for (table, change) in [("api_keys", "name = 'theirs'"), ("shares", "target = 'all'")] {
        let mut tx = world.store.begin_for(&scope).await.expect("begins");
        refused(table, tx.run(leaked(format!("UPDATE {table} SET {change} WHERE {of_root}"))).await);
    }
}

async fn what_is_lent_can_be_entered_on_both(world: World) {
    let tenant = Tenant::below(organization(1), organization(3));
    let item = lent_to(tenant);
    let mut tx = world.store.begin_for(&item).await.expect("begins");
    tx.also_for(&item).await.expect("entered");
    tx.also_for_all(&[item.clone(), item]).await.expect("entered");
    tx.also_for_all(&[]).await.expect("nothing to enter");
}

async fn a_root_reaches_below_where_it_has_to(world: World) {
    furnished(&world).await;
    sub_organization(&world.store, 3).await;
    for (action, seen) in [(Action::RemoveKey, 2), (Action::ManageSubOrganizations, 2), (Action::SeeSigning, 1)] {
        let mut tx = world.store.begin_for(&permit(action, 1)).await.expect("begins");
        for table in TABLES {
            // The log of what is below is its Owners' to see, whatever they ask for.
            let seen = if table == "activity" { 2 } else { seen };
            assert_eq!(rows(&mut tx, table).await, seen, "{table} for {}", action.words());
        }
    }
}

/// The permit of a person whose rights were read at this version.
fn resting_on(subject: Subject, version: i64, tenant: Tenant) -> Permit {
    let actor = match subject {
        Subject::User(user) => Actor::Person { user },
        Subject::Service(token) => Actor::Service { token },
    };
    let roles = BTreeMap::from([(tenant.id, BTreeSet::from([Role::Owner]))]);
    let principal = Principal::new(actor, roles).standing_at(Standing { subject, version });
    decide(&principal, Action::EditKey, tenant).expect("an owner may")
}

async fn raise(store: &Store, subject: Subject) {
    let mut tx = store.begin_over_all().await.expect("begins");
    tx.raise_standing(subject).await.expect("raised");
    tx.commit().await.expect("kept");
}

async fn rights_that_were_taken_away_stop_a_writing_transaction(world: World) {
    let home = Tenant::root(organization(1));
    let somebody = Subject::User(id::<UserId>("user", 1));
    let before = resting_on(somebody, 0, home);
    drop(world.store.begin_for(&before).await.expect("begins"));
    raise(&world.store, somebody).await;
    let late = world.store.begin_for(&before).await;
    assert!(matches!(late, Err(StoreError::RightsChanged)), "{late:?}");
    // What is done already is written down all the same, and reading was decided when the permit was given.
    drop(world.store.begin_outcome(&before).await.expect("begins"));
    drop(world.store.read_for(&before).await.expect("begins"));

    let mut tx = world.store.read().await.expect("begins");
    let now = tx.standing_of(id("user", 1)).await.expect("there");
    drop(tx);
    assert_eq!(now.version, 1);
    drop(world.store.begin_for(&resting_on(somebody, 1, home)).await.expect("begins"));

    let nobody = Subject::User(id("user", 77));
    let gone = world.store.begin_for(&resting_on(nobody, 0, home)).await;
    assert!(matches!(gone, Err(StoreError::RightsChanged)), "{gone:?}");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert!(matches!(tx.raise_standing(nobody).await, Err(StoreError::NotFound)));
}

async fn a_service_token_is_held_as_a_person_is(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.run(leaked(format!("INSERT INTO {}", service_token(1)))).await.expect("inserted");
    tx.commit().await.expect("kept");
    let token = Subject::Service(id("svc", 1));
    // It belongs to the root and works below it.
    let below = resting_on(token, 0, Tenant::below(organization(1), organization(3)));
    drop(world.store.begin_for(&below).await.expect("begins"));
    raise(&world.store, token).await;
    let late = world.store.begin_for(&below).await;
    assert!(matches!(late, Err(StoreError::RightsChanged)), "{late:?}");
}

async fn a_removal_waits_for_what_its_subject_is_writing(world: World) {
    let somebody = Subject::User(id::<UserId>("user", 1));
    let writing = world
        .store
        .begin_for(&resting_on(somebody, 0, Tenant::root(organization(1))))
        .await
        .expect("begins");
    let mut removing = world.store.begin_over_all().await.expect("begins");
    removing.run("SET LOCAL lock_timeout = '20ms'").await.expect("set");
    let waited = removing.raise_standing(somebody).await;
    assert!(matches!(waited, Err(StoreError::Busy)), "{waited:?}");
    drop(removing);
    writing.commit().await.expect("kept");
    raise(&world.store, somebody).await;
}
