//! The stylesheet, the sprite and the script modules, inside the binary.
//!
//! They are served below `/assets/<hash>/`, where the hash is one over all of them: a browser keeps them for good,
//! and a new version of the server has new addresses. One hash instead of one per file lets a module import its
//! neighbor by its plain name.

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

const STYLESHEET: &str = concat!(
    include_str!("../../assets/styles/tokens.css"),
    include_str!("../../assets/styles/base.css"),
    include_str!("../../assets/styles/shell.css"),
    include_str!("../../assets/styles/controls.css"),
    include_str!("../../assets/styles/surfaces.css"),
    include_str!("../../assets/styles/tables.css"),
    include_str!("../../assets/styles/pictures.css"),
);

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
}

macro_rules! script {
    ($name:literal) => {
        Asset {
            name: $name,
            media_type: "text/javascript; charset=utf-8",
            content: include_str!(concat!("../../assets/scripts/", $name)),
        }
    };
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "console.css",
        media_type: "text/css; charset=utf-8",
        content: STYLESHEET,
    },
    Asset {
        name: "sprite.svg",
        media_type: "image/svg+xml",
        content: include_str!("../../assets/sprite.svg"),
    },
    Asset {
        name: "favicon.svg",
        media_type: "image/svg+xml",
        content: include_str!("../../assets/favicon.svg"),
    },
    script!("console.js"),
    script!("copy.js"),
    script!("dialogs.js"),
    script!("drop.js"),
    script!("filter.js"),
    script!("import.js"),
    script!("live.js"),
    script!("menus.js"),
    script!("shortcuts.js"),
    script!("typed.js"),
];

static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for asset in ASSETS {
        digest.update(asset.name.as_bytes());
        digest.update(asset.content.as_bytes());
    }
    format!("/assets/{}", hex::encode(&digest.finish().as_ref()[..6]))
});

/// The address of an asset, such as `/assets/0f3a9c01be42/console.css`.
#[must_use]
pub(crate) fn asset_url(name: &str) -> String {
    format!("{}/{name}", *FOLDER)
}

/// `GET /assets/{folder}/{name}`; no session is needed.
pub(crate) async fn serve(Path((folder, name)): Path<(String, String)>) -> Response {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name && FOLDER.ends_with(folder.as_str()) && folder.len() == 12);
    let Some(asset) = asset else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = asset.content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}

#[cfg(test)]
pub(crate) fn stylesheet() -> &'static str {
    STYLESHEET
}

#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    ASSETS.iter().map(|asset| (asset.name, asset.content))
}
