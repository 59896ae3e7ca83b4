//! Organizations: choose or create one, the sub-organizations of a root, and an organization's own settings.
//!
//! The organization is in the address of every page below it, so two tabs with two organizations work. What a browser
//! remembers is only which ones it saw last, for the order in which they are offered.

pub(crate) mod below;
pub(crate) mod choose;
pub(crate) mod recent;
pub(crate) mod settings;

use super::filters::digits_grouped;
use app::organizations::Lost;
use domain::ItemName;

/// A line of what is lost.
pub(crate) struct Loss {
    /// Its tone in the list.
    pub(crate) tone: &'static str,
    /// Its symbol.
    pub(crate) icon: &'static str,
    /// How many of what.
    pub(crate) what: String,
    /// What that means.
    pub(crate) then: &'static str,
    /// Whether the organization stays as long as there is such.
    pub(crate) blocks: bool,
}

fn many(number: u32, one: &str, more: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{} {more}", digits_grouped(number))
    }
}

/// What is lost with an organization, line by line; what there is none of is left out.
pub(crate) fn losses(lost: &Lost) -> Vec<Loss> {
    let all = &lost.losses;
    let lines = [
        (
            all.keys,
            "API key",
            "API keys",
            "Their sealed private keys are destroyed and cannot be brought back.",
        ),
        (
            all.certificates,
            "certificate with its private key",
            "certificates with their private keys",
            "They stay at Apple, and nobody can sign with them from here any more.",
        ),
        (
            all.profiles,
            "profile",
            "profiles",
            "They stay at Apple; their files here are gone.",
        ),
        (
            all.csrs,
            "signing request",
            "signing requests",
            "Their private keys are destroyed: what Apple makes of them later cannot be used.",
        ),
        (
            all.members,
            "member",
            "members",
            "They lose their roles in it and keep their accounts.",
        ),
        (all.tokens, "API token", "API tokens", "What runs with them stops at once."),
        (all.invitations, "pending invitation", "pending invitations", "Their links end."),
        (
            all.shares,
            "share",
            "shares",
            "What was lent to it stays with its root organization.",
        ),
    ];
    let lines = lines.into_iter().filter(|(number, ..)| *number > 0);
    let mut losses: Vec<_> = lines
        .map(|(number, one, more, then)| Loss {
            tone: "warn",
            icon: "warn",
            what: many(number, one, more),
            then,
            blocks: false,
        })
        .collect();
    if all.unfinished_operations > 0 {
        losses.push(Loss {
            tone: "bad",
            icon: "bad",
            what: format!("{} at Apple not over", many(all.unfinished_operations, "act", "acts")),
            then: "Until then it cannot be deleted.",
            blocks: true,
        });
    }
    if lost.below_count > 0 {
        losses.push(Loss {
            tone: "bad",
            icon: "bad",
            what: many(lost.below_count, "sub-organization", "sub-organizations"),
            then: "As long as there are any, it cannot be deleted. Delete them first.",
            blocks: true,
        });
    }
    if losses.is_empty() {
        losses.push(Loss {
            tone: "ok",
            icon: "ok",
            what: "Nothing is kept in it".to_owned(),
            then: "",
            blocks: false,
        });
    }
    losses
}

/// "Part of Halden Mobile", or that it is a root.
pub(crate) fn part_of(parent: Option<&ItemName>) -> String {
    parent.map_or_else(|| "Root organization".to_owned(), |name| format!("Part of {name}"))
}
