//! Every statement, read out of the source: both databases prepare it, and none that touches an
//! organization's rows forgets which organization.

use crate::coverage::sources;
use crate::world::{World, on_both};

on_both![every_statement_is_prepared, no_statement_reads_a_whole_table];

/// Tables whose rows belong to an organization.
const TENANT_TABLES: [&str; 36] = [
    "apple_webhooks",
    "app_settings",
    "binaries",
    "binary_uploads",
    "build_parts",
    "device_invitations",
    "device_challenges",
    "pending_devices",
    "csrs",
    "invitations",
    "service_tokens",
    "shares",
    "key_last_uses",
    "key_last_results",
    "secrets",
    "api_keys",
    "key_checks",
    "key_features",
    "certificates",
    "profiles",
    "profile_files",
    "profile_certificates",
    "signing_sets",
    "signing_set_items",
    "operations",
    "activity",
    "notices",
    "calendar_links",
    "membership_years",
    "mail_days",
    "notification_channels",
    "notice_deliveries",
    "notice_outbox",
    "automatic_renewals",
    "jobs",
    "idempotency_keys",
];

/// Statements over all organizations, each with its reason.
const OVER_ALL: &[(&str, &str)] = &[
    ("UPDATE jobs SET lease_owner = $1", "the worker claims for all organizations"),
    ("UPDATE jobs SET lease_until = $4", "a claim is named by worker and attempt"),
    ("UPDATE jobs SET lease_owner = NULL", "a claim is named by worker and attempt"),
    (
        "DELETE FROM jobs WHERE id = $1 AND lease_owner",
        "a claim is named by worker and attempt",
    ),
    ("SELECT MIN(COALESCE(lease_until", "the worker sleeps until the next job of anybody"),
    ("SELECT COUNT(*) AS number FROM jobs", "a count over all"),
    (
        "SELECT * FROM service_tokens WHERE token_hash",
        "who comes with a token is asked by it alone",
    ),
    (
        "SELECT * FROM service_tokens WHERE id = $1",
        "what somebody has the right to is asked of whoever they are",
    ),
    ("UPDATE service_tokens SET used_at", "a use is noted by the token alone"),
    (
        "SELECT * FROM service_tokens WHERE expires_at",
        "notice is given in all organizations",
    ),
    (
        "SELECT * FROM invitations WHERE token_hash",
        "whoever holds a link belongs to no organization yet",
    ),
    (
        "SELECT * FROM device_invitations WHERE token_hash",
        "a device that answers a link belongs to no organization",
    ),
    (
        "SELECT * FROM apple_webhooks WHERE id",
        "who delivers to an address names nothing else, and proves it by a signature",
    ),
    ("UPDATE activity_sequence", "one sequence for the instance"),
    (
        "SELECT standing FROM service_tokens",
        "a token is its own actor, also below its organization",
    ),
    (
        "UPDATE service_tokens SET standing",
        "whoever revokes the token has just found it in their organization",
    ),
    (
        "SELECT id, organization_id, name, added_at AS since",
        "the server looks daily what is about to expire",
    ),
    (
        "SELECT id, organization_id, name, created_at AS since",
        "the server looks daily what is about to expire",
    ),
    (
        "SELECT shares.organization_id, shares.item_id",
        "the server looks daily which shares have ended",
    ),
    (
        "SELECT user_id, organization_id FROM calendar_links",
        "whoever has a link is asked by it alone",
    ),
    (
        "SELECT activity.* FROM notices",
        "an inbox goes over the organizations somebody belongs to; the policy decides notice by notice",
    ),
    (
        "SELECT id FROM binary_uploads WHERE id",
        "what lies where binaries arrive is asked for by its name alone",
    ),
    (
        "DELETE FROM binary_uploads WHERE touched_at",
        "what nobody goes on with is given up in all organizations",
    ),
    (
        "DELETE FROM notice_deliveries WHERE created_at",
        "the server forgets daily what is old",
    ),
    (
        "SELECT activity.* FROM notice_outbox",
        "the worker hands out the notices of all organizations",
    ),
    (
        "SELECT sequence FROM notice_outbox",
        "the worker hands out the notices of all organizations",
    ),
    ("SELECT * FROM activity WHERE sequence > $1", "the chain is one for the instance"),
    ("SELECT COUNT(*) AS number FROM activity", "the chain is one for the instance"),
    (
        "UPDATE activity SET hash = $2 WHERE sequence = $1",
        "the chain is one for the instance",
    ),
];

/// The string literals of a source file that are statements, white space folded.
fn statements_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '/', '\'']) {
        let (before, at) = rest.split_at(start);
        if at.starts_with("//") {
            rest = at.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        if at.starts_with('\'') || at.starts_with('/') || before.ends_with("b'") {
            rest = &at[1..];
            continue;
        }
        let mut literal = String::new();
        let mut characters = at[1..].char_indices();
        let end = loop {
            match characters.next() {
                Some((_, '\\')) => literal.extend(characters.next().map(|(_, c)| c)),
                Some((index, '"')) => break index + 2,
                Some((_, c)) => literal.push(c),
                None => break at.len(),
            }
        };
        rest = &at[end..];
        let folded = literal.split_whitespace().collect::<Vec<_>>().join(" ");
        if ["SELECT ", "INSERT ", "UPDATE ", "DELETE "]
            .iter()
            .any(|verb| folded.starts_with(verb))
        {
            found.push(folded);
        }
    }
    found
}

fn statements() -> Vec<String> {
    let mut all: Vec<String> = sources("src").iter().flat_map(|(_, text)| statements_in(text)).collect();
    all.sort();
    all.dedup();
    assert!(
        all.len() > 70,
        "only {} statements were found; has the way they are written changed?",
        all.len()
    );
    all
}

async fn every_statement_is_prepared(world: World) {
    let mut tx = world.store.read_over_all().await.expect("begins");
    let sqlite = format!("{tx:?}").contains("SQLite");
    for statement in statements() {
        let postgres_only = ["SKIP LOCKED", "FOR UPDATE", "FOR SHARE", "set_config", "pg_"]
            .iter()
            .any(|word| statement.contains(word));
        if sqlite && postgres_only {
            continue;
        }
        if let Err(error) = tx.prepare(String::leak(statement.clone())).await {
            panic!("{statement}\n{error}");
        }
    }
}

/// Statements that do read a whole table, each with its reason.
const WHOLE: [(&str, &str); 6] = [
    ("SELECT activity.* FROM notice_outbox", "what is handed out is deleted"),
    ("SELECT sequence FROM notice_outbox", "what is handed out is deleted"),
    ("SELECT COUNT(*) AS number FROM activity", "verifying reads the whole log anyway"),
    (
        "SELECT COUNT(*) AS number FROM jobs",
        "a count for the operator; what is done is deleted",
    ),
    (
        "SELECT COUNT(*) AS number FROM users",
        "whether anybody has an account, asked at set-up",
    ),
    (
        "SELECT COUNT(*) AS number FROM organizations WHERE parent_id IS NULL",
        "whether there is a root, asked where one is made or goes",
    ),
];

async fn no_statement_reads_a_whole_table(world: World) {
    let mut tx = world.store.read_over_all().await.expect("begins");
    let (mut looked_at, mut whole) = (0, Vec::new());
    for statement in statements() {
        let postgres_only = ["SKIP LOCKED", "FOR UPDATE", "FOR SHARE", "set_config", "pg_"];
        if postgres_only.iter().any(|word| statement.contains(word)) || WHOLE.iter().any(|(start, _)| statement.starts_with(start)) {
            continue;
        }
        looked_at += 1;
        for step in tx.plan(String::leak(statement.clone())).await.expect("planned") {
            if step.starts_with("SCAN ") && reads_rows(&step) {
                whole.push(format!("{step}: {statement}"));
            }
        }
    }
    assert!(whole.is_empty(), "{}", whole.join("\n"));
    assert!(looked_at > 100, "only {looked_at} statements were looked at");
}

/// Whether a step of a plan goes over the rows of a table that grows with what organizations hold, by index or not.
fn reads_rows(step: &str) -> bool {
    let table = step.trim_start_matches("SCAN ").split(' ').next().unwrap_or_default();
    TENANT_TABLES.contains(&table) || ["organizations", "memberships", "users"].contains(&table)
}

/// Whether every place where the statement reaches a tenant's rows names the organization.
fn names_its_organization(statement: &str) -> bool {
    if statement.starts_with("INSERT ") {
        return statement.contains("organization_id");
    }
    // `organization_id = $1` in the statement, or in each of its sub-selects; of the log also `root_id = $1`, which a root's
    // owner reads with everything below.
    statement
        .split("SELECT ")
        .filter(|part| TENANT_TABLES.iter().any(|table| mentions(part, table)))
        .all(|part| part.contains("organization_id = $1") || part.contains("FROM activity WHERE root_id = $1"))
}

fn mentions(statement: &str, table: &str) -> bool {
    ["FROM", "UPDATE", "INTO"].iter().any(|word| {
        statement.match_indices(&format!("{word} {table}")).any(|(at, hit)| {
            statement[at + hit.len()..]
                .chars()
                .next()
                .is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    })
}

#[test]
fn no_statement_forgets_its_organization() {
    let mut looked_at = 0;
    for statement in statements() {
        if OVER_ALL.iter().any(|(start, _)| statement.starts_with(start)) {
            continue;
        }
        if TENANT_TABLES.iter().any(|table| mentions(&statement, table)) {
            looked_at += 1;
            assert!(names_its_organization(&statement), "without its organization: {statement}");
        }
    }
    assert!(looked_at > 40, "only {looked_at} statements were looked at");
}

#[test]
fn every_exception_is_still_needed() {
    let all = statements();
    for (start, reason) in OVER_ALL {
        assert!(
            all.iter().any(|statement| statement.starts_with(start)),
            "no longer there: {start} ({reason})"
        );
    }
}

#[test]
fn statements_are_never_put_together_at_run_time() {
    for (path, text) in sources("src") {
        assert!(!text.contains("AssertSqlSafe"), "{}", path.display());
        assert!(!text.contains("QueryBuilder"), "{}", path.display());
    }
}

#[test]
fn the_reader_of_statements_reads_them() {
    let source = r#"
        // "SELECT nothing FROM comments"
        tx.row("SELECT a FROM certificates
                WHERE b = $1", args!['"', "x"]);
        let t = "not a statement"; tx.execute("DELETE FROM t WHERE c = 'd'");
    "#;
    // The character literal '"' is the one thing it cannot read; the store has none.
    assert_eq!(
        statements_in(&source.replace("'\"', ", "")),
        ["SELECT a FROM certificates WHERE b = $1", "DELETE FROM t WHERE c = 'd'",]
    );
    assert!(!names_its_organization("SELECT a FROM certificates WHERE id = $2"));
    assert!(!names_its_organization(
        "SELECT a FROM jobs WHERE organization_id = $1 AND x = (SELECT 1 FROM activity WHERE y = $2)"
    ));
}
