//! One of Apple's OpenAPI documents: paths to operations, and the schemas they speak of.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// A document with its paths sorted for lookup.
pub(super) struct Document {
    root: Value,
    /// Path templates by number of segments; those without parameters first.
    templates: HashMap<usize, Vec<Template>>,
}

struct Template {
    path: String,
    /// `None` is a parameter.
    segments: Vec<Option<String>>,
}

/// What the document says about a request line.
pub(super) enum Route<'a> {
    /// The operation.
    Operation(&'a Value),
    /// The path is there, the method is not.
    OtherMethods,
    /// No such path.
    Unknown,
}

impl Document {
    pub(super) fn load(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read(file).with_context(|| format!("Apple's document {} cannot be read", file.display()))?;
        let root = serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", file.display()))?;
        Self::of(root).with_context(|| format!("{} is no OpenAPI document", file.display()))
    }

    pub(super) fn of(root: Value) -> anyhow::Result<Self> {
        let paths = root["paths"].as_object().context("it has no paths")?;
        let mut templates: HashMap<usize, Vec<Template>> = HashMap::new();
        for path in paths.keys() {
            let segments: Vec<Option<String>> = path
                .split('/')
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()))
                .collect();
            templates.entry(segments.len()).or_default().push(Template {
                path: path.clone(),
                segments,
            });
        }
        for same_length in templates.values_mut() {
            same_length.sort_by_key(|template| template.segments.iter().filter(|segment| segment.is_none()).count());
        }
        Ok(Self { root, templates })
    }

    pub(super) fn route(&self, method: &str, path: &str) -> Route<'_> {
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |template: &&Template| {
            template.segments.iter().zip(&segments).all(|(wanted, found)| match wanted {
                Some(literal) => literal == found,
                None => !found.is_empty(),
            })
        };
        let Some(template) = self
            .templates
            .get(&segments.len())
            .and_then(|same_length| same_length.iter().find(fits))
        else {
            return Route::Unknown;
        };
        match self.root["paths"][&template.path].get(method.to_lowercase()) {
            Some(operation) => Route::Operation(operation),
            None => Route::OtherMethods,
        }
    }

    /// The schema of every refusal.
    pub(super) fn error_schema(&self) -> &Value {
        &self.root["components"]["schemas"]["ErrorResponse"]
    }

    /// The schema itself, or what it refers to.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else { return schema };
        let name = reference.rsplit('/').next().unwrap_or_default();
        self.resolve(&self.root["components"]["schemas"][name])
    }
}
