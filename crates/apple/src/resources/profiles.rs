//! Provisioning profiles: listed with what they contain, read, created, deleted (facts E1, E3).
//!
//! There is no PATCH: a change is a deletion and a creation, with a new UUID. There is no filter by
//! bundle ID either; the list includes the bundle ID of each.
//!
//! The surprising thing: the list leaves out the profiles' content, 16 to 19 kB each, unless it is
//! asked for. And Apple includes at most 50 certificates and devices per profile, and its count of
//! them can be 0 beside a full list. A list asks for the further certificates of each, because a
//! profile is known by them; where there are more devices, [`ProfileDetail::is_complete`] is false
//! and [`Profiles::get`] reads the rest. A profile that is listed and not there any more keeps what
//! the list had of it.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{BundleId, Certificate, Device, Platform, from_base64};
use crate::document::{Included, Resource};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session, linkages};

open_enum! {
    /// The kinds of profiles (facts E3).
    ProfileType {
        IosAppDevelopment = "IOS_APP_DEVELOPMENT",
        IosAppStore = "IOS_APP_STORE",
        IosAppAdhoc = "IOS_APP_ADHOC",
        IosAppInhouse = "IOS_APP_INHOUSE",
        MacAppDevelopment = "MAC_APP_DEVELOPMENT",
        MacAppStore = "MAC_APP_STORE",
        MacAppDirect = "MAC_APP_DIRECT",
        TvosAppDevelopment = "TVOS_APP_DEVELOPMENT",
        TvosAppStore = "TVOS_APP_STORE",
        TvosAppAdhoc = "TVOS_APP_ADHOC",
        TvosAppInhouse = "TVOS_APP_INHOUSE",
        MacCatalystAppDevelopment = "MAC_CATALYST_APP_DEVELOPMENT",
        MacCatalystAppStore = "MAC_CATALYST_APP_STORE",
        MacCatalystAppDirect = "MAC_CATALYST_APP_DIRECT",
    }
}

impl ProfileType {
    /// Whether profiles of this kind must list devices; the others must not (facts E3).
    #[must_use]
    pub fn takes_devices(&self) -> bool {
        let name = self.as_str();
        name.ends_with("_DEVELOPMENT") || name.ends_with("_ADHOC")
    }
}

open_enum! {
    /// Whether a profile can be used. `EXPIRED` is not in Apple's document but in live answers.
    ProfileState { Active = "ACTIVE", Invalid = "INVALID", Expired = "EXPIRED", }
}

/// A provisioning profile.
pub type Profile = Resource<ProfileAttributes>;

/// What a profile says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileAttributes {
    /// The name that the team chose.
    pub name: Option<String>,
    /// The platform.
    pub platform: Option<Platform>,
    /// The kind.
    pub profile_type: Option<ProfileType>,
    /// Whether it can be used.
    pub profile_state: Option<ProfileState>,
    /// The file, base64 of a CMS-signed property list.
    pub profile_content: Option<String>,
    /// The UUID by which Xcode knows the file.
    pub uuid: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub created_date: Option<Timestamp>,
    /// When it ends.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub expiration_date: Option<Timestamp>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ProfileAttributes {
    /// The `.mobileprovision` file; `None` when Apple did not send it or it is not base64.
    #[must_use]
    pub fn content(&self) -> Option<Vec<u8>> {
        from_base64(self.profile_content.as_deref()?)
    }
}

/// A profile with what it contains.
#[derive(Debug, Clone)]
pub struct ProfileDetail {
    /// The profile.
    pub profile: Profile,
    /// Its bundle ID; `None` when that was deleted.
    pub bundle_id: Option<BundleId>,
    /// Its certificates, all of them but for a profile that is listed and gone.
    pub certificates: Vec<Certificate>,
    /// Its devices.
    pub devices: Vec<Device>,
    /// Whether these are all certificates and devices.
    pub is_complete: bool,
}

/// Which profiles to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct ProfileFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Kinds.
    pub types: Vec<ProfileType>,
    /// States.
    pub states: Vec<ProfileState>,
    /// Whether the files themselves are wanted too.
    pub with_content: bool,
}

/// A profile to be created; the references are Apple's ids.
#[derive(Debug, Clone)]
pub struct NewProfile {
    /// The name, unique in the team.
    pub name: String,
    /// The kind.
    pub profile_type: ProfileType,
    /// The bundle ID (Apple's id, not the identifier).
    pub bundle_id: String,
    /// The certificates; exactly one for store profiles.
    pub certificates: Vec<String>,
    /// The devices, for kinds that take them ([`ProfileType::takes_devices`]).
    pub devices: Vec<String>,
}

/// The operations on profiles.
pub struct Profiles<'s> {
    session: &'s Session,
}

/// The most of each kind that Apple includes with a profile.
const INCLUDED: usize = 50;

const WITHOUT_CONTENT: &str = "name,platform,profileType,profileState,uuid,createdDate,expirationDate,bundleId,certificates,devices";

impl<'s> Profiles<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All profiles that the filter lets through, with bundle ID, all certificates, and devices.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &ProfileFilter) -> Result<Vec<ProfileDetail>, Error> {
        let types: Vec<&str> = filter.types.iter().map(ProfileType::as_str).collect();
        let states: Vec<&str> = filter.states.iter().map(ProfileState::as_str).collect();
        let mut query = with_contents(Query::list())
            .filter("id", &filter.ids)
            .filter("name", &filter.names)
            .filter("profileType", &types)
            .filter("profileState", &states);
        if !filter.with_content {
            query = query.with("fields[profiles]", WITHOUT_CONTENT);
        }
        let listing = self.session.get_all(&["profiles"], query).await?;
        let mut listed = Vec::with_capacity(listing.data.len());
        for profile in listing.data {
            let mut detail = resolved(profile, &listing.included);
            if is_cut_off(&detail.profile, "certificates", detail.certificates.len()) {
                match self.certificates(&detail.profile.id).await {
                    Ok(all) => detail.certificates = all,
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            listed.push(detail);
        }
        Ok(listed)
    }

    /// One profile by Apple's id, with its file and with all that it contains.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<ProfileDetail, Error> {
        let query = with_contents(Query::default());
        let document = self.session.get_one(&["profiles", id], query).await?;
        let mut detail = resolved(document.data, &document.included);
        if !detail.is_complete {
            detail.certificates = self.certificates(id).await?;
            detail.devices = self.devices(id).await?;
            detail.is_complete = true;
        }
        Ok(detail)
    }

    /// All certificates of a profile.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn certificates(&self, id: &str) -> Result<Vec<Certificate>, Error> {
        let path = ["profiles", id, "certificates"];
        Ok(self.session.get_all(&path, Query::list()).await?.data)
    }

    /// All devices of a profile.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn devices(&self, id: &str) -> Result<Vec<Device>, Error> {
        let path = ["profiles", id, "devices"];
        Ok(self.session.get_all(&path, Query::list()).await?.data)
    }

    /// Creates a profile, once.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may exist now; look by name and content.
    pub async fn create(&self, new: &NewProfile) -> Result<Profile, Error> {
        let mut relationships = Map::new();
        let bundle_id = json!({"data": {"type": "bundleIds", "id": new.bundle_id}});
        relationships.insert("bundleId".to_owned(), bundle_id);
        let certificates = linkages("certificates", &new.certificates);
        relationships.insert("certificates".to_owned(), certificates);
        if !new.devices.is_empty() {
            relationships.insert("devices".to_owned(), linkages("devices", &new.devices));
        }
        let document = json!({"data": {
            "type": "profiles",
            "attributes": {"name": new.name, "profileType": new.profile_type},
            "relationships": relationships,
        }});
        self.session.write(Method::POST, &["profiles"], &document).await
    }

    /// Deletes a profile.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already; [`Error::LostAnswer`]: it may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["profiles", id]).await
    }
}

fn with_contents(query: Query) -> Query {
    query
        .with("include", "bundleId,certificates,devices")
        .with("limit[certificates]", &INCLUDED.to_string())
        .with("limit[devices]", &INCLUDED.to_string())
}

/// Whether there are more of a kind than the `found` that were included. A total of 0 tells nothing: then a full list may
/// have been cut off.
fn is_cut_off(profile: &Profile, relation: &str, found: usize) -> bool {
    let sent = profile.related_many(relation).len();
    found < sent || profile.has_more_related(relation) || (sent >= INCLUDED && !profile.tells_total(relation))
}

fn resolved(profile: Profile, included: &Included) -> ProfileDetail {
    let certificates = profile.related_many("certificates");
    let devices = profile.related_many("devices");
    let detail = ProfileDetail {
        bundle_id: profile.related("bundleId").and_then(|id| included.find(id)),
        certificates: included.find_all(certificates),
        devices: included.find_all(devices),
        is_complete: false,
        profile: profile.clone(),
    };
    let is_complete =
        !is_cut_off(&profile, "certificates", detail.certificates.len()) && !is_cut_off(&profile, "devices", detail.devices.len());
    ProfileDetail { is_complete, ..detail }
}
