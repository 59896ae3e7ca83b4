//! Binaries and those on their way here. Only what is known of them is kept in the database; their bytes are not.

use domain::name::folded;
use domain::{BinaryId, BinaryUpload, BinaryUploadId, HeldBinary, OrgId, Permit, Subject};
use jiff::Timestamp;

use crate::sql::{Row, args, json, literal};
use crate::{Page, Paging, Result, StoreError, Tx};

/// How cursors of the list call it.
const LIST: &str = "binaries";

/// Which binaries are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinaryFilter {
    /// With this text anywhere in file name, name, identifier, version or build number; in any case.
    pub search: Option<String>,
    /// Of the app with exactly this bundle identifier.
    pub identifier: Option<String>,
}

fn bytes(row: &Row, column: &'static str) -> Result<u64> {
    u64::try_from(row.get::<i64>(column)?).map_err(|error| StoreError::Database(Box::new(error)))
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn binary(row: &Row) -> Result<HeldBinary> {
    Ok(HeldBinary {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        file_name: row.get("file_name")?,
        kind: row.parse("kind")?,
        size: bytes(row, "size")?,
        sha256: row.get("sha256")?,
        contents: row.json_opt("contents")?,
        has_icon: row.count("has_icon")? > 0,
        is_release_candidate: row.get("release_candidate")?,
        uploaded_by: row.parse("uploaded_by")?,
        uploaded_at: row.time("uploaded_at")?,
    })
}

fn upload(row: &Row) -> Result<BinaryUpload> {
    Ok(BinaryUpload {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        file_name: row.get("file_name")?,
        size: bytes(row, "size")?,
        received: bytes(row, "received")?,
        sha256: row.get("sha256")?,
        created_by: row.parse("created_by")?,
        created_at: row.time("created_at")?,
        touched_at: row.time("touched_at")?,
    })
}

/// What a search looks through.
fn searched(binary: &HeldBinary) -> String {
    let mut words = vec![binary.file_name.as_str()];
    if let Some(app) = binary.app() {
        words.extend([
            app.name.as_str(),
            app.bundle_id.as_str(),
            app.version.as_str(),
            app.build_number.as_str(),
        ]);
    }
    folded(&words.join(" "))
}

impl Tx {
    /// Keeps a binary, with its icon as a PNG where it has one. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert_binary(&mut self, permit: &Permit, new: &HeldBinary, icon: Option<&[u8]>) -> Result<()> {
        let app = new.app();
        self.execute(
            "INSERT INTO binaries (id, organization_id, file_name, kind, size, sha256, identifier, app_name, version, build_number,
                 folded, contents, icon, release_candidate, uploaded_by, uploaded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            args![
                new.id,
                permit.organization(),
                new.file_name.as_str(),
                new.kind.as_str(),
                whole(new.size),
                new.sha256.as_str(),
                app.map(|app| app.bundle_id.as_str()),
                app.map(|app| app.name.as_str()),
                app.map(|app| app.version.as_str()),
                app.map(|app| app.build_number.as_str()),
                searched(new),
                new.contents.as_ref().map(json).transpose()?,
                icon,
                new.is_release_candidate,
                new.uploaded_by,
                new.uploaded_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// A binary.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn binary(&mut self, permit: &Permit, id: BinaryId) -> Result<HeldBinary> {
        let row = self
            .row(
                "SELECT id, organization_id, file_name, kind, size, sha256, contents, release_candidate, uploaded_by, uploaded_at,
                     CAST(CASE WHEN icon IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_icon
                 FROM binaries WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        binary(&row)
    }

    /// Its icon, a PNG; none where it has none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn icon_of_binary(&mut self, permit: &Permit, id: BinaryId) -> Result<Option<Vec<u8>>> {
        let row = self
            .row(
                "SELECT icon FROM binaries WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        row.get("icon")
    }

    /// The binaries of the permit's organization that fit, newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list.
    pub async fn binaries(&mut self, permit: &Permit, filter: &BinaryFilter, paging: &Paging) -> Result<Page<HeldBinary>> {
        let search = filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let rows = self
            .rows(
                "SELECT id, organization_id, file_name, kind, size, sha256, contents, release_candidate, uploaded_by, uploaded_at,
                     CAST(CASE WHEN icon IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_icon
                 FROM binaries WHERE organization_id = $1
                     AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                     AND (CAST($3 AS TEXT) IS NULL OR folded LIKE $3 ESCAPE '!')
                     AND (CAST($4 AS TEXT) IS NULL OR identifier = $4)
                 ORDER BY id DESC LIMIT $5",
                args![
                    permit.organization(),
                    paging.behind::<String>(LIST)?,
                    search.map(|text| format!("%{}%", literal(&folded(&text.replace('\0', ""))))),
                    filter.identifier.as_deref(),
                    paging.fetch(),
                ],
            )
            .await?;
        let items = rows.iter().map(binary).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, paging, LIST, |one| one.id.to_string()))
    }

    /// The binaries with exactly these bytes, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn binary_with(&mut self, permit: &Permit, sha256: &str) -> Result<Option<HeldBinary>> {
        let row = self
            .row_opt(
                "SELECT id, organization_id, file_name, kind, size, sha256, contents, release_candidate, uploaded_by, uploaded_at,
                     CAST(CASE WHEN icon IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_icon
                 FROM binaries WHERE organization_id = $1 AND sha256 = $2 ORDER BY id DESC LIMIT 1",
                args![permit.organization(), sha256],
            )
            .await?;
        row.as_ref().map(binary).transpose()
    }

    /// Marks a binary as a release candidate, or takes the mark away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn mark_binary(&mut self, permit: &Permit, id: BinaryId, release_candidate: bool) -> Result<()> {
        self.change(
            "UPDATE binaries SET release_candidate = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, release_candidate],
        )
        .await
    }

    /// Takes a binary away. Its bytes are cleared up by whoever calls this, once it is committed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_binary(&mut self, permit: &Permit, id: BinaryId) -> Result<()> {
        self.change(
            "DELETE FROM binaries WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// Of these organizations' binaries, those that there are: what is stored under another id belongs to nothing any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_held_binary(&mut self, organization: OrgId, id: BinaryId) -> Result<bool> {
        let row = self
            .row_opt(
                "SELECT id FROM binaries WHERE organization_id = $1 AND id = $2",
                args![organization, id],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_binary_upload(&mut self, permit: &Permit, new: &BinaryUpload) -> Result<()> {
        self.execute(
            "INSERT INTO binary_uploads (id, organization_id, file_name, size, received, sha256, created_by, created_at, touched_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                new.id,
                permit.organization(),
                new.file_name.as_str(),
                whole(new.size),
                whole(new.received),
                new.sha256.as_deref(),
                new.created_by,
                new.created_at,
                new.touched_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// An upload.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn binary_upload(&mut self, permit: &Permit, id: BinaryUploadId) -> Result<BinaryUpload> {
        let row = self
            .row(
                "SELECT * FROM binary_uploads WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        upload(&row)
    }

    /// The upload of these very bytes that somebody began and did not end, the latest.
    ///
    /// # Errors
    /// What the database says.
    pub async fn binary_upload_with(&mut self, permit: &Permit, sha256: &str, size: u64, by: Subject) -> Result<Option<BinaryUpload>> {
        let row = self
            .row_opt(
                "SELECT * FROM binary_uploads WHERE organization_id = $1 AND sha256 = $2 AND size = $3 AND created_by = $4
                 ORDER BY id DESC LIMIT 1",
                args![permit.organization(), sha256, whole(size), by],
            )
            .await?;
        row.as_ref().map(upload).transpose()
    }

    /// Notes how much of an upload is kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn note_received(&mut self, permit: &Permit, id: BinaryUploadId, received: u64, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE binary_uploads SET received = $3, touched_at = $4 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, whole(received), at],
        )
        .await
    }

    /// Says that an upload is as long as what is kept of it: its sender could not say before how long it would be.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn cut_binary_upload(&mut self, permit: &Permit, id: BinaryUploadId) -> Result<()> {
        self.change(
            "UPDATE binary_uploads SET size = received WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// Ends an upload, whole or given up.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn end_binary_upload(&mut self, permit: &Permit, id: BinaryUploadId) -> Result<()> {
        self.change(
            "DELETE FROM binary_uploads WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// How many uploads are going on, and how many bytes they will have together.
    ///
    /// # Errors
    /// What the database says.
    pub async fn uploads_on_their_way(&mut self, permit: &Permit) -> Result<(u32, u64)> {
        let row = self
            .row(
                "SELECT COUNT(*) AS number, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM binary_uploads WHERE organization_id = $1",
                args![permit.organization()],
            )
            .await?;
        Ok((row.count("number")?, bytes(&row, "size")?))
    }

    /// Gives up the uploads that nothing came of since then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_binary_uploads(&mut self, before: Timestamp) -> Result<()> {
        self.execute("DELETE FROM binary_uploads WHERE touched_at < $1", args![before])
            .await?;
        Ok(())
    }

    /// Whether an upload is going on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_binary_upload(&mut self, id: BinaryUploadId) -> Result<bool> {
        let row = self.row_opt("SELECT id FROM binary_uploads WHERE id = $1", args![id]).await?;
        Ok(row.is_some())
    }

    /// Notes that a part of a file has arrived at Apple. One that is noted already stays so.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_part(&mut self, permit: &Permit, file: &str, offset: u64, length: u64) -> Result<()> {
        self.execute(
            "INSERT INTO build_parts (organization_id, file_id, part_offset, part_length) VALUES ($1, $2, $3, $4)
             ON CONFLICT (organization_id, file_id, part_offset) DO NOTHING",
            args![permit.organization(), file, whole(offset), whole(length)],
        )
        .await?;
        Ok(())
    }

    /// The parts of a file that have arrived at Apple: where each begins, and its length.
    ///
    /// # Errors
    /// What the database says.
    pub async fn parts_of(&mut self, permit: &Permit, file: &str) -> Result<Vec<(u64, u64)>> {
        let rows = self
            .rows(
                "SELECT part_offset, part_length FROM build_parts WHERE organization_id = $1 AND file_id = $2 ORDER BY part_offset",
                args![permit.organization(), file],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((bytes(row, "part_offset")?, bytes(row, "part_length")?)))
            .collect()
    }

    /// Forgets the parts of a file whose sending is over.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_parts(&mut self, permit: &Permit, file: &str) -> Result<()> {
        self.execute(
            "DELETE FROM build_parts WHERE organization_id = $1 AND file_id = $2",
            args![permit.organization(), file],
        )
        .await?;
        Ok(())
    }

    /// Notes that a binary is sent now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn note_binary_sent(&mut self, permit: &Permit, id: BinaryId, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE binaries SET sent_at = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, at],
        )
        .await
    }

    /// How many days binaries of the permit's organization are kept; 0 is for ever.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn binary_days(&mut self, permit: &Permit) -> Result<u16> {
        let row = self
            .row("SELECT binary_days FROM organizations WHERE id = $1", args![permit.organization()])
            .await?;
        Ok(u16::try_from(row.count("binary_days")?).unwrap_or(u16::MAX))
    }

    /// Sets that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_binary_days(&mut self, permit: &Permit, days: u16) -> Result<()> {
        self.change(
            "UPDATE organizations SET binary_days = $2 WHERE id = $1",
            args![permit.organization(), days],
        )
        .await
    }

    /// The organizations that do not keep binaries for ever.
    ///
    /// # Errors
    /// What the database says.
    pub async fn organizations_that_clear_binaries(&mut self) -> Result<Vec<OrgId>> {
        let rows = self.rows("SELECT id FROM organizations WHERE binary_days > 0", args![]).await?;
        rows.iter().map(|row| row.parse("id")).collect()
    }

    /// The binaries that were neither sent nor added since then and are no release candidates, the oldest first, so many at
    /// most. In a transaction that writes, they stay as they are until it ends.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock_old_binaries(&mut self, permit: &Permit, before: Timestamp, most: u32) -> Result<Vec<HeldBinary>> {
        let statement = self.dialect(
            "SELECT id, organization_id, file_name, kind, size, sha256, contents, release_candidate, uploaded_by, uploaded_at,
                 CAST(CASE WHEN icon IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_icon
             FROM binaries WHERE organization_id = $1 AND COALESCE(sent_at, uploaded_at) < $2 AND release_candidate = FALSE
             ORDER BY id LIMIT $3",
            "SELECT id, organization_id, file_name, kind, size, sha256, contents, release_candidate, uploaded_by, uploaded_at,
                 CAST(CASE WHEN icon IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_icon
             FROM binaries WHERE organization_id = $1 AND COALESCE(sent_at, uploaded_at) < $2 AND release_candidate = FALSE
             ORDER BY id LIMIT $3 FOR UPDATE",
        );
        let rows = self.rows(statement, args![permit.organization(), before, most]).await?;
        rows.iter().map(binary).collect()
    }
}
