//! Apple's documents (JSON:API): a resource is a type, an id, attributes, relationships and links.
//!
//! Reading is lenient where Apple is loose: any member may be absent or `null`, unknown members are
//! ignored here and kept in the attributes (`other`). Only type and id must be there.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One answer: the data, what was included with it, and where the next page is.
#[derive(Debug, Clone, Deserialize)]
pub struct Document<T> {
    /// One resource or a list of them.
    pub data: T,
    /// Resources that were asked for with `include`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub included: Included,
    /// Links of the document; `next` leads to the next page.
    #[serde(default, deserialize_with = "null_is_default")]
    pub links: Links,
    /// Paging information, on lists.
    #[serde(default, deserialize_with = "null_is_default")]
    pub meta: Meta,
}

/// A resource with its attributes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Resource<A> {
    /// Apple's name of the kind of resource, such as `certificates` (`type` on the wire).
    #[serde(rename = "type")]
    pub kind: String,
    /// Apple's id. Provisioning: ten capitals and digits; apps: digits; others: UUIDs (facts E5).
    pub id: String,
    /// What the resource says about itself; all of it optional.
    #[serde(
        default = "A::default",
        deserialize_with = "null_is_default",
        bound(deserialize = "A: Default + Deserialize<'de>")
    )]
    pub attributes: A,
    /// Other resources that this one refers to, by the relationship's name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub relationships: BTreeMap<String, Relationship>,
    /// Links of the resource.
    #[serde(default, deserialize_with = "null_is_default")]
    pub links: Links,
}

impl<A> Resource<A> {
    /// The id in a to-one relationship.
    #[must_use]
    pub fn related(&self, name: &str) -> Option<&ResourceId> {
        match &self.relationships.get(name)?.data {
            Linkage::One(id) => Some(id),
            Linkage::Many(ids) => ids.first(),
            Linkage::Absent => None,
        }
    }

    /// The ids in a to-many relationship; Apple sends them only when the relationship was included.
    #[must_use]
    pub fn related_many(&self, name: &str) -> &[ResourceId] {
        match self.relationships.get(name).map(|r| &r.data) {
            Some(Linkage::Many(ids)) => ids,
            Some(Linkage::One(id)) => std::slice::from_ref(id),
            _ => &[],
        }
    }

    /// Whether Apple says that a to-many relationship has more members than it sent.
    #[must_use]
    pub fn has_more_related(&self, name: &str) -> bool {
        let total = self.relationships.get(name).and_then(|r| r.meta.paging.total);
        total.is_some_and(|total| total > self.related_many(name).len() as u64)
    }

    /// Whether Apple says how many members a to-many relationship has: a total of 0 beside members is none.
    #[must_use]
    pub fn tells_total(&self, name: &str) -> bool {
        let total = self.relationships.get(name).and_then(|r| r.meta.paging.total);
        total.is_some_and(|total| total >= self.related_many(name).len() as u64)
    }
}

/// Type and id of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
pub struct ResourceId {
    /// Apple's name of the kind of resource.
    #[serde(rename = "type")]
    pub kind: String,
    /// Apple's id.
    pub id: String,
}

/// What a resource says about others.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Relationship {
    /// The ids, where Apple sent them.
    #[serde(default)]
    pub data: Linkage,
    /// How many there are; total can be 0 beside a full list (facts E5).
    #[serde(default, deserialize_with = "null_is_default")]
    pub meta: Meta,
}

/// The `data` of a relationship.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Linkage {
    /// One resource.
    One(ResourceId),
    /// Several.
    Many(Vec<ResourceId>),
    /// Not sent, or `null`.
    #[default]
    Absent,
}

/// Links of a document or resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Links {
    /// The next page.
    #[serde(default)]
    pub next: Option<String>,
    /// The document or resource itself.
    #[serde(default, rename = "self")]
    pub this: Option<String>,
}

/// `meta` of a document or relationship.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Meta {
    /// Paging information.
    #[serde(default, deserialize_with = "null_is_default")]
    pub paging: Paging,
}

/// How long a list is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Paging {
    /// How many resources there are in all, where Apple says so.
    #[serde(default)]
    pub total: Option<u64>,
    /// The page size.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// The included resources of one or more documents, found by type and id.
#[derive(Debug, Clone, Default)]
pub struct Included(BTreeMap<(String, String), Value>);

impl Included {
    /// The resource that `id` names, if it was included and has the expected shape.
    #[must_use]
    pub fn find<A: DeserializeOwned + Default>(&self, id: &ResourceId) -> Option<Resource<A>> {
        let value = self.0.get(&(id.kind.clone(), id.id.clone()))?;
        Resource::deserialize(value).ok()
    }

    /// Those of `ids` that were included, in the same order.
    #[must_use]
    pub fn find_all<A: DeserializeOwned + Default>(&self, ids: &[ResourceId]) -> Vec<Resource<A>> {
        ids.iter().filter_map(|id| self.find(id)).collect()
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl<'de> Deserialize<'de> for Included {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let resources = Vec::<Value>::deserialize(d)?;
        let keyed = resources.into_iter().filter_map(|value| {
            let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
            Some(((text("type")?, text("id")?), value))
        });
        Ok(Self(keyed.collect()))
    }
}

/// `null` means the same as absent.
pub(crate) fn null_is_default<'de, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
    struct Name {
        #[serde(default)]
        name: Option<String>,
    }

    fn read(json: &str) -> Document<Resource<Name>> {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn everything_but_type_and_id_may_be_absent_or_null() {
        for json in [
            r#"{"data":{"type":"t","id":"1"}}"#,
            r#"{"data":{"type":"t","id":"1","attributes":null,"relationships":null,"links":null},
                "included":null,"links":null,"meta":null}"#,
            r#"{"data":{"type":"t","id":"1","attributes":{"name":null,"new":1},"relationships":{}},
                "meta":{"paging":null},"jsonapi":{}}"#,
        ] {
            let document = read(json);
            assert_eq!(document.data.id, "1");
            assert_eq!(document.data.attributes, Name::default());
        }
        assert!(serde_json::from_str::<Document<Resource<Name>>>(r#"{"data":{"id":"1"}}"#).is_err());
    }

    #[test]
    fn included_resources_are_found_by_type_and_id() {
        let document = read(
            r#"{"data":{"type":"t","id":"1","relationships":{
                "many":{"data":[{"type":"a","id":"1"},{"type":"b","id":"1"},{"type":"a","id":"9"}],
                        "meta":{"paging":{"total":4,"limit":3}}},
                "one":{"data":{"type":"b","id":"1"},"links":{"self":"x"}},
                "none":{"data":null}, "bare":{"links":{}}}},
               "included":[{"type":"a","id":"1","attributes":{"name":"A"}},
                           {"type":"b","id":"1","attributes":{"name":"B"}}, 7, {"id":"x"}]}"#,
        );
        let many = document.data.related_many("many");
        let found: Vec<Resource<Name>> = document.included.find_all(many);
        let names: Vec<_> = found.iter().map(|r| r.attributes.name.as_deref()).collect();
        assert_eq!(names, [Some("A"), Some("B")]);
        assert!(document.data.has_more_related("many"));
        let one = document.data.related("one").expect("one");
        assert_eq!((one.kind.as_str(), one.id.as_str()), ("b", "1"));
        for name in ["none", "bare", "absent"] {
            assert_eq!(document.data.related(name), None);
            assert!(document.data.related_many(name).is_empty());
            assert!(!document.data.has_more_related(name));
        }
    }

    #[test]
    fn a_total_of_zero_beside_a_full_list_means_nothing() {
        let document = read(
            r#"{"data":{"type":"t","id":"1","relationships":{"many":{"data":[{"type":"a","id":"1"}],
                "meta":{"paging":{"total":0,"limit":2147483647}}}}}}"#,
        );
        assert!(!document.data.has_more_related("many"));
    }
}
