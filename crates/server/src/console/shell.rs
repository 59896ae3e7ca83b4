//! What stands around every page: sidebar, top bar, theme, and the token that ties forms to the session.

use super::organizations::part_of;
use app::organizations::OrganizationView;
use domain::{Action, ItemName, OrgId, Organization, User};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A stored preference for light or dark; without one the system decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All three, in the order they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in the cookie and in forms.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The word on the screen.
    #[must_use]
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Reads [`Theme::word`]; anything else is the system's choice.
    #[must_use]
    pub(crate) fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.word() == word).unwrap_or_default()
    }

    /// The value of `data-theme`, when there is one.
    #[must_use]
    pub(crate) fn attribute(&self) -> Option<&'static str> {
        (*self != Self::System).then(|| self.word())
    }
}

/// The entries of the sidebar. Only what exists is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The overview.
    Overview,
    /// What expires when.
    Expiries,
    /// API keys.
    Keys,
    /// Certificates.
    Certificates,
    /// Profiles.
    Profiles,
    /// Bundle IDs.
    BundleIds,
    /// Devices.
    Devices,
    /// Signing sets.
    SigningSets,
    /// Binaries, and what becomes of them.
    Binaries,
    /// Builds, groups and testers in TestFlight.
    TestFlight,
    /// The sub-organizations of a root.
    SubOrganizations,
    /// API tokens of the organization.
    Tokens,
    /// Notification channels.
    Notifications,
    /// Members and invitations.
    Members,
    /// The activity log.
    Activity,
    /// The organization's settings.
    Settings,
    /// The person's own pages; not in the sidebar.
    Me,
}

/// One entry of the sidebar.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The head of a group, before its first entry.
    pub(crate) group: Option<&'static str>,
    /// Which place.
    pub(crate) place: Place,
    /// Its address below the organization's.
    pub(crate) path: &'static str,
    /// Its symbol.
    pub(crate) icon: &'static str,
    /// Its words.
    pub(crate) name: &'static str,
    /// How many there are, where that is known without asking Apple.
    pub(crate) count: Option<usize>,
    /// How many of them need somebody.
    pub(crate) alerts: usize,
}

/// Counts for the sidebar.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// API keys.
    pub(crate) keys: usize,
    /// API keys that do not work.
    pub(crate) keys_in_need: usize,
    /// Certificates held here.
    pub(crate) certificates: usize,
    /// Those that have ended or end within 30 days.
    pub(crate) certificates_in_need: usize,
}

/// An organization that the switcher offers.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// Its id.
    pub(crate) id: OrgId,
    /// Its name.
    pub(crate) name: ItemName,
    /// What it is part of, or that it is a root.
    pub(crate) part_of: String,
}

impl From<OrganizationView> for Offer {
    fn from(view: OrganizationView) -> Self {
        Self {
            id: view.organization.id,
            part_of: part_of(view.parent_name.as_ref()),
            name: view.organization.name,
        }
    }
}

/// Everything around a page.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// Light or dark.
    pub(crate) theme: Theme,
    /// Whether single keys do something.
    pub(crate) shortcuts: bool,
    /// The token of this session's forms; empty where nobody is signed in.
    pub(crate) csrf: String,
    /// Who is signed in.
    pub(crate) person: Option<User>,
    /// The organization of the page, or the person's first.
    pub(crate) org: Option<Organization>,
    /// What the root organization above it is called.
    pub(crate) parent_name: Option<ItemName>,
    /// What the person may do in it.
    pub(crate) allowed: BTreeSet<Action>,
    /// What the switcher offers besides it: those used last, then others by name.
    pub(crate) offers: Vec<Offer>,
    /// For the sidebar.
    pub(crate) counts: Counts,
    /// How many notices of the inbox the person has not read.
    pub(crate) unread: usize,
    /// The current place.
    pub(crate) here: Place,
    /// Whether the page is the place itself, not something below it.
    pub(crate) exactly_here: bool,
    /// "It worked", once.
    pub(crate) toast: Option<&'static str>,
    /// The path of the page, for coming back.
    pub(crate) path: String,
    /// The time, for all distances of the page.
    pub(crate) now: Timestamp,
    /// Russet's version.
    pub(crate) version: &'static str,
}

impl Shell {
    /// Around pages that need no session.
    #[must_use]
    pub(crate) fn bare(theme: Theme, now: Timestamp) -> Self {
        Self {
            theme,
            shortcuts: false,
            csrf: String::new(),
            person: None,
            org: None,
            parent_name: None,
            allowed: BTreeSet::new(),
            offers: Vec::new(),
            counts: Counts::default(),
            unread: 0,
            here: Place::Me,
            exactly_here: false,
            toast: None,
            path: "/".to_owned(),
            now,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The organization's name, or the product's.
    #[must_use]
    pub(crate) fn org_name(&self) -> &str {
        self.org.as_ref().map_or("Russet", |org| org.name.as_str())
    }

    /// Whether the page is the person's own, of no organization.
    #[must_use]
    pub(crate) fn is_of_person(&self) -> bool {
        self.here == Place::Me
    }

    /// "Part of Halden Mobile", or that it is a root.
    #[must_use]
    pub(crate) fn part_of(&self) -> String {
        part_of(self.parent_name.as_ref())
    }

    /// Whether the person may do this in the organization: for what a page offers. The use case asks again.
    #[must_use]
    pub(crate) fn may(&self, action: Action) -> bool {
        self.allowed.contains(&action)
    }

    /// What the bell says.
    #[must_use]
    pub(crate) fn bell(&self) -> String {
        match self.unread {
            0 => "Inbox".to_owned(),
            n if n < 100 => format!("Inbox, {n} unread"),
            _ => "Inbox, more than 99 unread".to_owned(),
        }
    }

    /// What a theme can be.
    #[must_use]
    pub(crate) fn themes(&self) -> &'static [Theme] {
        &Theme::ALL
    }

    /// The sidebar.
    #[must_use]
    pub(crate) fn places(&self) -> Vec<Entry> {
        let entry = |group, place, path, icon, name| Entry {
            group,
            place,
            path,
            icon,
            name,
            count: None,
            alerts: 0,
        };
        let counts = self.counts;
        let mut entries = vec![
            entry(None, Place::Overview, "", "home", "Overview"),
            entry(None, Place::Expiries, "/expiries", "calendar", "Expiries"),
            Entry {
                count: Some(counts.keys),
                alerts: counts.keys_in_need,
                ..entry(Some("Credentials"), Place::Keys, "/keys", "key", "API keys")
            },
            Entry {
                count: Some(counts.certificates),
                alerts: counts.certificates_in_need,
                ..entry(Some("Signing"), Place::Certificates, "/certificates", "certificate", "Certificates")
            },
            entry(None, Place::Profiles, "/profiles", "profile", "Profiles"),
            entry(None, Place::BundleIds, "/bundle-ids", "bundle", "Bundle IDs"),
            entry(None, Place::Devices, "/devices", "device", "Devices"),
            entry(None, Place::SigningSets, "/signing-sets", "set", "Signing sets"),
        ];
        if self.may(Action::SeeBinaries) {
            entries.push(entry(Some("Publish"), Place::Binaries, "/binaries", "upload", "Binaries"));
            entries.push(entry(None, Place::TestFlight, "/test-flight", "out", "TestFlight"));
        }
        let mut organization = Vec::new();
        if self.may(Action::SeeSubOrganizations) {
            organization.push(entry(
                None,
                Place::SubOrganizations,
                "/sub-organizations",
                "orgs",
                "Sub-organizations",
            ));
        }
        organization.extend([
            entry(None, Place::Members, "/members", "person", "Members"),
            entry(None, Place::Tokens, "/tokens", "token", "API tokens"),
            entry(None, Place::Notifications, "/notifications", "bell", "Notifications"),
            entry(None, Place::Activity, "/activity", "activity", "Activity"),
            entry(None, Place::Settings, "/settings", "settings", "Settings"),
        ]);
        if let Some(first) = organization.first_mut() {
            first.group = Some("Organization");
        }
        entries.append(&mut organization);
        entries
    }
}
