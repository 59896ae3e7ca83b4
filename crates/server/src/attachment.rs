//! A file to save, from the console or over REST.

use app::apple_account::Download;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// The answer that a browser saves and a script reads.
pub(crate) fn attachment(download: &Download) -> Response {
    // The use case made the name safe for a file system; here it must also be safe inside quotes.
    let ascii: String = download
        .file_name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let full = url::form_urlencoded::byte_serialize(download.file_name.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{full}");
    (
        [
            (header::CONTENT_TYPE, download.media_type.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        download.bytes.to_vec(),
    )
        .into_response()
}
