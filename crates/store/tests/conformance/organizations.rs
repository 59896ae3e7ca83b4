//! Organizations: names beside each other, lists of many, and what is left of one that was deleted.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::{HeldBy, Role, Tenant};
use domain::{Action, Actor, JobPayload, OrgId, Organization, Permit, Principal, UserId};
use store::{Conflict, Losses, OrganizationFilter, Paging, StoreError, Tx};
use vault::WrappedRing;

use crate::certificates::certificate;
use crate::operations::operation;
use crate::world::{World, at, id, key, of, on_both, organization, permit, place, sealed, user};

on_both![
    names_are_unique_among_siblings_also_to_the_eye,
    two_creations_of_one_name_at_once_make_one,
    a_new_name_is_held_against_the_siblings,
    everybody_sees_their_own_and_what_is_below,
    a_thousand_are_read_in_pages_by_name,
    what_is_lost_is_counted,
    a_deleted_organization_leaves_nothing_and_takes_rights_away,
    nothing_is_added_to_what_is_being_deleted,
];

/// A sub-organization of the first organization.
fn sub(number: u32, name: &str) -> Organization {
    Organization {
        id: id("org", 100 + number),
        parent: Some(id("org", 1)),
        name: of(name),
        created_at: at(0),
    }
}

async fn create(tx: &mut Tx, new: &Organization) -> Result<(), StoreError> {
    tx.create_organization(new, &WrappedRing::from_bytes(vec![7])).await
}

/// The permit with which the root's Owner manages a sub-organization.
fn over(organization: &Organization) -> Permit {
    let tenant = Tenant::below(id("org", 1), organization.id);
    permit(Action::ManageSubOrganizations, 1).below(tenant).expect("it is below")
}

fn is_name(answer: Result<(), StoreError>) -> bool {
    matches!(answer, Err(StoreError::Conflict(Conflict::Name)))
}

async fn names_are_unique_among_siblings_also_to_the_eye(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    create(&mut tx, &sub(1, "Payments")).await.expect("made");
    for twin in ["PAYMENTS", "Ｐayments", "\u{420}ayments", "Payment\u{455}"] {
        assert!(is_name(create(&mut tx, &sub(2, twin)).await), "{twin}");
    }
    create(&mut tx, &sub(2, "Payments 2")).await.expect("made");
    let root = permit(Action::SeeSubOrganizations, 1);
    assert_eq!(tx.sub_organization(&root, id("org", 101)).await.expect("found"), sub(1, "Payments"));
    let of_others = permit(Action::SeeSubOrganizations, 2);
    assert!(matches!(
        tx.sub_organization(&of_others, id("org", 101)).await,
        Err(StoreError::NotFound)
    ));
    // Elsewhere it is free, and roots are not compared at all.
    let elsewhere = Organization {
        parent: Some(id("org", 2)),
        ..sub(3, "Payments")
    };
    create(&mut tx, &elsewhere).await.expect("made");
    let root = Organization {
        parent: None,
        ..sub(4, "Organization 1")
    };
    create(&mut tx, &root).await.expect("made");
    assert_eq!(
        tx.sub_organization_count(&permit(Action::SeeSubOrganizations, 1))
            .await
            .expect("counted"),
        2
    );
    assert_eq!(tx.root_count().await.expect("counted"), 3);
}

async fn two_creations_of_one_name_at_once_make_one(world: World) {
    let attempt = |number: u32| {
        let store = &world.store;
        async move {
            let mut tx = store.begin_over_all().await.expect("begins");
            let made = create(&mut tx, &sub(number, "Payments")).await;
            match made {
                Ok(()) => tx.commit().await,
                Err(error) => Err(error),
            }
        }
    };
    let (one, two) = tokio::join!(attempt(1), attempt(2));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(is_name(one) || is_name(two));
}

async fn a_new_name_is_held_against_the_siblings(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let (one, two) = (sub(1, "Payments"), sub(2, "Travel"));
    create(&mut tx, &one).await.expect("made");
    create(&mut tx, &two).await.expect("made");
    assert!(is_name(tx.rename_organization(&over(&two), &of("payments")).await));
    assert!(is_name(tx.rename_organization(&over(&two), &of("\u{420}ayments")).await));
    // Another spelling of its own name is no twin.
    tx.rename_organization(&over(&two), &of("TRAVEL")).await.expect("renamed");
    assert_eq!(tx.organization(&over(&two)).await.expect("found").name.as_str(), "TRAVEL");
    tx.rename_organization(&over(&one), &of("Billing")).await.expect("renamed");
    tx.rename_organization(&over(&two), &of("Payments"))
        .await
        .expect("the old name is free");
    tx.rename_organization(&permit(Action::RenameOrganization, 1), &of("Halden"))
        .await
        .expect("renamed");
    let seen = tx.seen_organization(&over(&two)).await.expect("found");
    assert_eq!(seen.parent_name, Some(of("Halden")));
}

async fn principal(tx: &mut Tx, user: UserId) -> Principal {
    Principal::new(Actor::Person { user }, tx.roles_of(user).await.expect("read"))
}

async fn names(tx: &mut Tx, who: &Principal, filter: &OrganizationFilter) -> Vec<String> {
    let page = tx.visible_organizations(who, filter, &Paging::default()).await.expect("listed");
    page.items.iter().map(|s| s.organization.name.to_string()).collect()
}

async fn everybody_sees_their_own_and_what_is_below(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for (number, name) in [(1, "Berlin"), (2, "Aarhus"), (3, "100%_done")] {
        create(&mut tx, &sub(number, name)).await.expect("made");
    }
    tx.insert_user(&user(3), &store::PasswordHash::new("$".to_owned()))
        .await
        .expect("made");
    let viewer = Role::parse("signing-viewer").expect("a role");
    tx.add_role(sub(1, "Berlin").id, user(3).id, viewer, at(0)).await.expect("given");
    let all = OrganizationFilter::default();

    let (owner, other, below) = (
        principal(&mut tx, user(1).id).await,
        principal(&mut tx, user(2).id).await,
        principal(&mut tx, user(3).id).await,
    );
    assert_eq!(
        names(&mut tx, &owner, &all).await,
        ["100%_done", "Aarhus", "Berlin", "Organization 1"]
    );
    assert_eq!(names(&mut tx, &other, &all).await, ["Organization 2"]);
    assert_eq!(names(&mut tx, &below, &all).await, ["Berlin"]);
    let page = tx.visible_organizations(&below, &all, &Paging::default()).await.expect("listed");
    assert_eq!(page.items[0].parent_name, Some(of("Organization 1")));

    let parent = OrganizationFilter {
        parent: Some(id("org", 1)),
        ..all.clone()
    };
    assert_eq!(names(&mut tx, &owner, &parent).await, ["100%_done", "Aarhus", "Berlin"]);
    assert!(
        names(&mut tx, &other, &parent).await.is_empty(),
        "nothing of others, whatever the filter"
    );
    tx.take_turn_at_roots(user(1).id).await.expect("taken");
    assert_eq!(tx.roots_owned_by(user(1).id).await.expect("listed"), [organization(1)]);
    assert!(tx.roots_owned_by(user(3).id).await.expect("listed").is_empty());
    let search = |text: &str| OrganizationFilter {
        search: Some(text.to_owned()),
        ..OrganizationFilter::default()
    };
    assert_eq!(names(&mut tx, &owner, &search("%_")).await, ["100%_done"]);
    assert_eq!(names(&mut tx, &owner, &search("BER")).await, ["Berlin"]);
    assert!(names(&mut tx, &owner, &search("a\0\u{1}")).await.is_empty());
    let named = OrganizationFilter {
        name: Some(of("BERLIN")),
        ..OrganizationFilter::default()
    };
    assert_eq!(names(&mut tx, &owner, &named).await, ["Berlin"]);

    // A token of the root, kept to one sub-organization, and one that is kept to nothing.
    let token = id("svc", 1);
    let given = BTreeMap::from([(id::<OrgId>("org", 1), BTreeSet::from([viewer]))]);
    let free = Principal::new(Actor::Service { token }, given);
    assert_eq!(names(&mut tx, &free, &all).await.len(), 4);
    let kept = free.confined_to(BTreeSet::from([sub(2, "Aarhus").id]));
    assert_eq!(names(&mut tx, &kept, &all).await, ["Aarhus"]);
    let seen = tx.visible_organizations(&kept, &all, &Paging::default()).await.expect("listed");
    let tenant = Tenant::below(id("org", 1), seen.items[0].organization.id);
    assert_eq!(kept.roles_in(tenant), BTreeMap::from([(viewer, HeldBy::Inheritance)]));
    assert!(names(&mut tx, &Principal::server(), &all).await.is_empty());
}

async fn a_thousand_are_read_in_pages_by_name(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 0..250 {
        create(&mut tx, &sub(number, &format!("team {:03}", 249 - number)))
            .await
            .expect("made");
    }
    let owner = principal(&mut tx, user(1).id).await;
    let see = permit(Action::SeeSubOrganizations, 1);
    let all = OrganizationFilter {
        search: Some("team".to_owned()),
        ..OrganizationFilter::default()
    };
    let (mut visible, mut managed) = (Vec::new(), Vec::new());
    let mut paging = Paging::first(60);
    loop {
        let page = tx.visible_organizations(&owner, &all, &paging).await.expect("listed");
        visible.extend(page.items.into_iter().map(|s| s.organization.name.to_string()));
        match page.next {
            Some(next) => paging = Paging::after(next, 60),
            None => break,
        }
    }
    paging = Paging::first(100);
    loop {
        let page = tx.sub_organizations(&see, &all, &paging).await.expect("listed");
        managed.extend(page.items.into_iter().map(|s| s.organization.name.to_string()));
        match page.next {
            Some(next) => paging = Paging::after(next, 100),
            None => break,
        }
    }
    let expected: Vec<_> = (0..250).map(|number| format!("team {number:03}")).collect();
    assert_eq!(visible, expected);
    assert_eq!(managed, expected);
    let other = tx.sub_organizations(&see, &all, &Paging::first(1)).await.expect("listed").next;
    for text in ["no cursor".to_owned(), other.expect("there is more")] {
        let refused = tx.visible_organizations(&owner, &all, &Paging::after(text, 2)).await;
        assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
    }
}

/// A sub-organization with one of everything, and the root's key shared with it.
async fn furnished(tx: &mut Tx) -> Organization {
    let it = sub(1, "Berlin");
    create(tx, &it).await.expect("made");
    let may = over(&it);
    let owner = it.id.to_string();
    tx.insert_user(&user(3), &store::PasswordHash::new("$".to_owned()))
        .await
        .expect("made");
    for role in [Role::Owner, Role::parse("signing-viewer").expect("a role")] {
        tx.add_role(it.id, user(3).id, role, at(0)).await.expect("given");
    }
    let mut held = key(1, 1);
    held.organization = it.id;
    tx.insert_key(&may, &held).await.expect("inserted");
    tx.put_secret(&may, &place(&owner, &held.id.to_string(), 1), &sealed("s"))
        .await
        .expect("put");
    tx.insert_certificate(&may, &certificate(1, 1)).await.expect("inserted");
    tx.enqueue(id("job", 1), it.id, &JobPayload::CheckKey { key: held.id }, at(0))
        .await
        .expect("enqueued");
    tx.run(
        "INSERT INTO invitations (id, organization_id, token_hash, email, roles, invited_by, created_at, sent_at, expires_at, delivery)
             SELECT 'inv_1', id, '1', 'a@b.c', '[]', 'user_1', 0, 0, 0, '{}' FROM organizations WHERE folded = 'berlin';
         INSERT INTO service_tokens (id, organization_id, token_hash, name, folded, roles, address_ranges, created_by, created_at, expires_at)
             SELECT 'svc_1', id, '1', 'CI', 'ci', '[]', '[]', 'user_1', 0, 0 FROM organizations WHERE folded = 'berlin';
         INSERT INTO csrs (id, organization_id, name, pem, public_key_fingerprint, private_key_id, created_by, created_at)
             SELECT 'csr_1', id, 'Elin', '-', '00', 'secret_1', 'user_1', 0 FROM organizations WHERE folded = 'berlin';
         INSERT INTO profiles (id, organization_id, name, folded, profile_type, uuid, bundle_identifier, certificates, devices, device_rule, standing, created_at, expires_at, origin, added_at)
             SELECT 'profile_1', id, 'Tram', 'tram', 'IOS_APP_STORE', '1', 'com.halden.tram', '[]', '[]', '\"chosen\"', 'ready', 0, 0, 'created', 0 FROM organizations WHERE folded = 'berlin';
         INSERT INTO shares (organization_id, item_kind, item_id, target, limits, shared_by, shared_at)
             SELECT parent_id, 'api-key', 'key_1', id, '{}', 'user_1', 0 FROM organizations WHERE folded = 'berlin'",
    )
    .await
    .expect("furnished");
    it
}

async fn what_is_lost_is_counted(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let it = furnished(&mut tx).await;
    let losses = Losses {
        keys: 1,
        certificates: 1,
        profiles: 1,
        csrs: 1,
        members: 1,
        tokens: 1,
        invitations: 1,
        shares: 1,
        unfinished_operations: 0,
    };
    assert_eq!(tx.losses(&over(&it)).await.expect("counted"), losses);
    assert_eq!(
        tx.losses(&permit(Action::DeleteOrganization, 2)).await.expect("counted"),
        Losses {
            members: 1,
            ..Losses::default()
        }
    );
}

async fn a_deleted_organization_leaves_nothing_and_takes_rights_away(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let it = furnished(&mut tx).await;
    let may = over(&it);
    let before = tx.standing_of(user(3).id).await.expect("read").version;
    assert_eq!(tx.lock_organization_for_removal(&may).await.expect("locked"), it);
    tx.delete_organization(&may).await.expect("deleted");
    tx.commit().await.expect("kept");

    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.tenant(it.id).await.expect("asked"), None);
    assert!(matches!(tx.ring(&may).await, Err(StoreError::NotFound)));
    assert!(matches!(tx.lock_organization(&may).await, Err(StoreError::NotFound)));
    assert_eq!(tx.losses(&may).await.expect("counted"), Losses::default());
    assert_eq!(tx.job_count().await.expect("counted"), 0);
    assert!(tx.roles_of(user(3).id).await.expect("read").is_empty());
    assert!(tx.standing_of(user(3).id).await.expect("read").version > before);
    assert_eq!(tx.user(user(3).id).await.expect("people stay"), user(3));
    // The root organization is as it was, and the name is free.
    assert!(tx.organization(&permit(Action::SeeOrganization, 1)).await.is_ok());
    create(&mut tx, &sub(2, "Berlin")).await.expect("made");
}

async fn nothing_is_added_to_what_is_being_deleted(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let it = sub(1, "Berlin");
    create(&mut tx, &it).await.expect("made");
    tx.commit().await.expect("kept");
    let may = over(&it);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.lock_organization_for_removal(&may).await.expect("locked");
    let late = async {
        let mut tx = world.store.begin_over_all().await?;
        let mut late = key(1, 1);
        late.organization = it.id;
        tx.insert_key(&may, &late).await?;
        tx.start_operation(&may, &operation(1, 1)).await?;
        tx.commit().await
    };
    let delete = async {
        tokio::task::yield_now().await;
        tx.delete_organization(&may).await?;
        tx.commit().await
    };
    let (late, deleted) = tokio::join!(late, delete);
    deleted.expect("deleted");
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let below = sub(2, "Of nobody");
    tx.delete_organization(&permit(Action::DeleteOrganization, 2))
        .await
        .expect("deleted");
    let orphan = Organization {
        parent: Some(id("org", 2)),
        ..below
    };
    assert!(matches!(create(&mut tx, &orphan).await, Err(StoreError::NotFound)));
}
