//! A file to save, from the console or over REST.

use app::apple_account::Download;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// The header that has a browser save what follows, under this name.
pub(crate) fn disposition(file_name: &str) -> String {
    let ascii: String = file_name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let full = url::form_urlencoded::byte_serialize(file_name.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{full}")
}

/// The answer that a browser saves and a script reads.
pub(crate) fn attachment(download: &Download) -> Response {
    (
        [
            (header::CONTENT_TYPE, download.media_type.to_owned()),
            // The use case made the name safe for a file system; this makes it safe inside quotes, too.
            (header::CONTENT_DISPOSITION, disposition(&download.file_name)),
        ],
        download.bytes.to_vec(),
    )
        .into_response()
}
