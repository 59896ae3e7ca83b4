//! Pages of the list of certificates: every order, both ways, filtered, and while rows come and go.

use domain::{Action, CertificateType, HeldCertificate, Permit};
use store::{CertificateFilter, CertificateOrder, Page, Paging, StoreError, Tx};

use crate::certificates::certificate;
use crate::world::{World, at, key, on_both, permit};

on_both![
    every_order_is_walked_to_its_end_and_back,
    filters_find_what_they_say,
    a_place_in_a_list_stays_right_while_rows_come_and_go,
    an_empty_list_has_one_empty_page,
    a_cursor_belongs_to_its_list_and_order,
];

const ORDERS: [CertificateOrder; 3] = [CertificateOrder::Expiry, CertificateOrder::Name, CertificateOrder::Type];

/// Whether a certificate is looked for.
type Fits = fn(&HeldCertificate) -> bool;

/// Twelve certificates with many ties: three names, two types, four ends.
fn furniture() -> Vec<HeldCertificate> {
    (1..=12)
        .map(|number| HeldCertificate {
            name: ["Zoë 100%", "apple distribution", "Bär_2"][number as usize % 3].to_owned(),
            certificate_type: CertificateType::of_apple(if number % 2 == 0 { "DISTRIBUTION" } else { "DEVELOPMENT" }),
            expires_at: at(i64::from(number % 4) * 100),
            ..certificate(1, number)
        })
        .collect()
}

async fn furnished(world: &World, all: &[HeldCertificate]) -> (Tx, Permit) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for one in all {
        tx.insert_certificate(&may, one).await.expect("inserted");
    }
    (tx, may)
}

/// The ids that fit, in the order that is asked for, worked out without a database.
fn expected(all: &[HeldCertificate], fits: impl Fn(&HeldCertificate) -> bool, order: CertificateOrder, falling: bool) -> Vec<String> {
    let mut rows: Vec<_> = all.iter().filter(|one| fits(one)).collect();
    rows.sort_by_key(|one| {
        let name = domain::name::folded(&one.name);
        let by = match order {
            CertificateOrder::Expiry => (String::new(), one.expires_at),
            CertificateOrder::Name => (name, at(0)),
            CertificateOrder::Type => (one.certificate_type.to_string(), one.expires_at),
        };
        (by, one.id)
    });
    if falling {
        rows.reverse();
    }
    rows.iter().map(|one| one.id.to_string()).collect()
}

fn ids(page: &Page<domain::ListedCertificate>) -> Vec<String> {
    page.items.iter().map(|one| one.id.to_string()).collect()
}

async fn every_order_is_walked_to_its_end_and_back(world: World) {
    let all = furniture();
    let (mut tx, may) = furnished(&world, &all).await;
    let distribution = CertificateType::of_apple("DISTRIBUTION");
    for one_type in [None, Some(distribution)] {
        let filter = CertificateFilter {
            certificate_type: one_type.clone(),
            ..CertificateFilter::default()
        };
        for order in ORDERS {
            for falling in [false, true] {
                let fits = |one: &HeldCertificate| one_type.as_ref().is_none_or(|wanted| *wanted == one.certificate_type);
                let wanted = expected(&all, fits, order, falling);
                let what = format!("{order:?}, falling {falling}, {one_type:?}");
                let (mut pages, mut paging) = (Vec::new(), Paging::first(5));
                loop {
                    let page = tx.certificates(&may, &filter, (order, falling), &paging).await.expect("listed");
                    assert_eq!(page.skipped as usize, pages.iter().map(Vec::len).sum::<usize>(), "{what}");
                    pages.push(ids(&page));
                    match page.next {
                        Some(next) => paging = Paging::after(next, 5),
                        None => break,
                    }
                }
                assert_eq!(pages.concat(), wanted, "{what}");
                assert_eq!(pages.len(), wanted.len().div_ceil(5), "{what}");
                let last = tx.certificates(&may, &filter, (order, falling), &paging).await.expect("listed");
                let mut previous = last.previous;
                for page in pages.iter().rev().skip(1) {
                    let paging = Paging::after(previous.expect("there is one before"), 5);
                    let back = tx.certificates(&may, &filter, (order, falling), &paging).await.expect("listed");
                    assert_eq!(ids(&back), *page, "back: {what}");
                    assert!(back.next.is_some());
                    previous = back.previous;
                }
                assert_eq!(previous, None, "{what}");
                assert_eq!(tx.count_certificates(&may, &filter).await.expect("counted") as usize, wanted.len());
            }
        }
    }
}

async fn filters_find_what_they_say(world: World) {
    let all = furniture();
    let (mut tx, may) = furnished(&world, &all).await;
    let searches: [(&str, Fits); 9] = [
        ("ZOË", |one| one.name.starts_with('Z')),
        ("bär_", |one| one.name.starts_with('B')),
        ("dist", |one| one.name.contains("dist")),
        ("100%", |one| one.name.starts_with('Z')),
        ("%", |one| one.name.starts_with('Z')),
        ("_", |one| one.name.starts_with('B')),
        ("0000000000000000000000000000000c", |one| one.serial.ends_with('C')),
        ("!", |_| false),
        ("0\0", |_| true),
    ];
    for (text, fits) in searches {
        for (from, before) in [
            (None, None),
            (Some(at(100)), None),
            (None, Some(at(200))),
            (Some(at(100)), Some(at(201))),
        ] {
            let filter = CertificateFilter {
                search: Some(text.to_owned()),
                ends_from: from,
                ends_before: before,
                ..CertificateFilter::default()
            };
            let both = |one: &HeldCertificate| {
                fits(one) && from.is_none_or(|from| one.expires_at >= from) && before.is_none_or(|before| one.expires_at < before)
            };
            for order in ORDERS {
                for falling in [false, true] {
                    let page = tx
                        .certificates(&may, &filter, (order, falling), &Paging::default())
                        .await
                        .expect("listed");
                    assert_eq!(
                        ids(&page),
                        expected(&all, both, order, falling),
                        "{text} {from:?} {before:?} {order:?} {falling}"
                    );
                    assert_eq!(
                        tx.count_certificates(&may, &filter).await.expect("counted") as usize,
                        page.items.len()
                    );
                }
            }
        }
    }
}

async fn a_place_in_a_list_stays_right_while_rows_come_and_go(world: World) {
    let mut all = furniture();
    let (mut tx, may) = furnished(&world, &all).await;
    let any = CertificateFilter::default();
    for order in ORDERS {
        let wanted = expected(&all, |_| true, order, false);
        let first = tx
            .certificates(&may, &any, (order, false), &Paging::first(4))
            .await
            .expect("listed");
        assert_eq!(ids(&first), wanted[..4]);
        // One before the place, which must not push a row onto the next page, and one behind it, which must show.
        let number = 100 + 10 * order as u32;
        let early = HeldCertificate {
            name: "A".to_owned(),
            certificate_type: CertificateType::of_apple("A"),
            expires_at: at(-1000),
            ..certificate(1, number)
        };
        let late = HeldCertificate {
            name: "\u{10FFFD}".to_owned(),
            certificate_type: CertificateType::of_apple("ZZZ"),
            expires_at: at(1_000_000),
            ..certificate(1, number + 1)
        };
        tx.insert_certificate(&may, &early).await.expect("inserted");
        tx.insert_certificate(&may, &late).await.expect("inserted");
        let next = Paging::after(first.next.clone().expect("there is more"), 200);
        let rest = tx.certificates(&may, &any, (order, false), &next).await.expect("listed");
        let seen: Vec<_> = ids(&rest).into_iter().filter(|id| wanted.contains(id)).collect();
        assert_eq!(seen, wanted[4..], "{order:?}");
        assert!(ids(&rest).contains(&late.id.to_string()) && !ids(&rest).contains(&early.id.to_string()));
        // The row that the place was taken from goes away.
        let gone = all.iter().find(|one| one.id.to_string() == wanted[3]).expect("it is one of them");
        tx.run(String::leak(format!(
            "UPDATE certificates SET organization_id = 'org_{:032x}' WHERE id = '{}'",
            2, gone.id
        )))
        .await
        .expect("taken away");
        let again = tx.certificates(&may, &any, (order, false), &next).await.expect("listed");
        assert_eq!(ids(&again), ids(&rest), "{order:?}");
        tx.run(String::leak(format!(
            "UPDATE certificates SET organization_id = 'org_{:032x}' WHERE id = '{}'",
            1, gone.id
        )))
        .await
        .expect("brought back");
        all.extend([early, late]);
    }
}

async fn an_empty_list_has_one_empty_page(world: World) {
    let (mut tx, may) = furnished(&world, &[]).await;
    for order in ORDERS {
        let page = tx
            .certificates(&may, &CertificateFilter::default(), (order, true), &Paging::default())
            .await
            .expect("listed");
        assert_eq!((page.items.len(), page.next, page.previous, page.skipped), (0, None, None, 0));
    }
}

async fn a_cursor_belongs_to_its_list_and_order(world: World) {
    let (mut tx, may) = furnished(&world, &furniture()).await;
    let any = CertificateFilter::default();
    let first = tx
        .certificates(&may, &any, (CertificateOrder::Name, false), &Paging::first(2))
        .await
        .expect("listed");
    let cursor = Paging::after(first.next.expect("there is more"), 2);
    for (order, falling) in [
        (CertificateOrder::Name, true),
        (CertificateOrder::Expiry, false),
        (CertificateOrder::Type, false),
    ] {
        let refused = tx.certificates(&may, &any, (order, falling), &cursor).await;
        assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
    }
    // In another organization it is a place in that one's list, and tells nothing of this one.
    let they = permit(Action::SeeSigning, 2);
    let theirs = tx
        .certificates(&they, &any, (CertificateOrder::Name, false), &cursor)
        .await
        .expect("listed");
    assert!(theirs.items.is_empty());
}
