//! No public function of a transaction is left out of this suite.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files below a folder of this crate.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found.sort();
    found
}

#[test]
fn every_public_function_is_called_here() {
    let suite: String = sources("tests/conformance").into_iter().map(|(_, text)| text).collect();
    let mut functions = 0;
    for (path, text) in sources("src") {
        for line in text.lines() {
            let Some(rest) = line.trim_start().strip_prefix("pub async fn ") else {
                continue;
            };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            functions += 1;
            let called = suite.contains(&format!(".{name}(")) || suite.contains(&format!("::{name}("));
            assert!(called, "{name} of {} is in no test that runs on both databases", path.display());
        }
    }
    assert!(
        functions > 80,
        "only {functions} functions were found; has the way they are written changed?"
    );
}
