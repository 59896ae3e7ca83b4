//! The files of a build upload: reserved, read, committed (facts D1).
//!
//! Reserving gives the [`UploadOperation`]s, each a piece of the file with the address it goes to. The pieces are sent
//! by [`crate::PartSender`], in any order, and then the file is committed.
//!
//! The surprising thing: the address of a piece is signed in advance, so whoever has it can write there. It is
//! [`Withheld`], and neither it nor the headers can be printed. After the commit Apple sends `null` in place of the
//! operations (facts D2).

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::StateDetail;
use crate::document::{Resource, null_is_default};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};
use crate::withheld::Withheld;

open_enum! {
    /// What a file is to its upload; the binary itself is `ASSET`.
    UploadAssetType {
        Asset = "ASSET",
        AssetDescription = "ASSET_DESCRIPTION",
        AssetSpi = "ASSET_SPI",
    }
}

open_enum! {
    /// What a file is by itself: Apple's uniform type identifiers.
    UniformType {
        Ipa = "com.apple.ipa",
        Pkg = "com.apple.pkg",
        Zip = "com.pkware.zip-archive",
        BinaryPropertyList = "com.apple.binary-property-list",
        XmlPropertyList = "com.apple.xml-property-list",
    }
}

open_enum! {
    /// How far Apple is with a file.
    AssetState {
        AwaitingUpload = "AWAITING_UPLOAD",
        UploadComplete = "UPLOAD_COMPLETE",
        Complete = "COMPLETE",
        Failed = "FAILED",
    }
}

open_enum! {
    /// How a checksum is made.
    ChecksumAlgorithm { Md5 = "MD5", Sha256 = "SHA_256", }
}

/// A file of an upload.
pub type BuildUploadFile = Resource<BuildUploadFileAttributes>;

/// What a file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildUploadFileAttributes {
    /// What it is to its upload.
    pub asset_type: Option<UploadAssetType>,
    /// Its name.
    pub file_name: Option<String>,
    /// Its size in bytes.
    pub file_size: Option<u64>,
    /// What it is by itself.
    pub uti: Option<UniformType>,
    /// How far Apple is with it.
    #[serde(deserialize_with = "null_is_default")]
    pub asset_delivery_state: AssetDeliveryState,
    /// What is to be sent where, until the file is committed.
    #[serde(deserialize_with = "null_is_default")]
    pub upload_operations: Vec<UploadOperation>,
    /// Its checksums, where they were given with the commit.
    #[serde(deserialize_with = "null_is_default")]
    pub source_file_checksums: Checksums,
    /// Apple's name of what was sent; Apple does not say what it opens.
    pub asset_token: Option<Withheld>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How far Apple is with a file, and what it found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AssetDeliveryState {
    /// How far it is.
    pub state: Option<AssetState>,
    /// Why it was refused.
    #[serde(deserialize_with = "null_is_default")]
    pub errors: Vec<StateDetail>,
    /// What Apple minds.
    #[serde(deserialize_with = "null_is_default")]
    pub warnings: Vec<StateDetail>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One piece of a file, and where it goes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UploadOperation {
    /// The HTTP method; `PUT` in all that were seen.
    pub method: Option<String>,
    /// The address, signed in advance.
    pub url: Option<Withheld>,
    /// The length of the piece in bytes.
    pub length: Option<u64>,
    /// Where the piece begins in the file, in bytes.
    pub offset: Option<u64>,
    /// The headers to send with it, exactly these.
    #[serde(deserialize_with = "null_is_default")]
    pub request_headers: Vec<UploadHeader>,
    /// When the address stops working.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub expiration: Option<Timestamp>,
    /// The number of the piece.
    pub part_number: Option<u64>,
    /// Apple's tag of the piece.
    pub entity_tag: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A header to send with a piece. Its value can be part of what the address is signed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UploadHeader {
    /// The name.
    pub name: Option<String>,
    /// The value.
    pub value: Option<Withheld>,
}

/// The checksums of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checksums {
    /// Over the whole file; MD5 or SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Checksum>,
    /// Over the checksums of the pieces; MD5 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composite: Option<Checksum>,
}

impl Checksums {
    /// The SHA-256 of the whole file, in hex.
    #[must_use]
    pub fn of_file_sha256(hex: String) -> Self {
        let file = Checksum {
            hash: Some(hex),
            algorithm: Some(ChecksumAlgorithm::Sha256),
        };
        Self {
            file: Some(file),
            composite: None,
        }
    }
}

/// One checksum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checksum {
    /// The checksum, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// How it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<ChecksumAlgorithm>,
}

/// A file to be reserved.
#[derive(Debug, Clone)]
pub struct NewBuildUploadFile {
    /// Apple's id of the upload.
    pub build_upload: String,
    /// Its name.
    pub file_name: String,
    /// Its size in bytes, at least 1.
    pub file_size: u64,
    /// What it is by itself.
    pub uti: UniformType,
    /// What it is to its upload.
    pub asset_type: UploadAssetType,
}

/// The operations on the files of uploads.
pub struct BuildUploadFiles<'s> {
    session: &'s Session,
}

/// All but the token, which nobody needs.
const FIELDS: (&str, &str) = (
    "fields[buildUploadFiles]",
    "assetType,fileName,fileSize,uti,assetDeliveryState,uploadOperations,sourceFileChecksums",
);

impl<'s> BuildUploadFiles<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The files of an upload.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, build_upload: &str) -> Result<Vec<BuildUploadFile>, Error> {
        let path = ["buildUploads", build_upload, "buildUploadFiles"];
        let query = Query::list().with(FIELDS.0, FIELDS.1);
        Ok(self.session.get_all(&path, query).await?.data)
    }

    /// One file by Apple's id, with its operations as long as it is not committed.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BuildUploadFile, Error> {
        let query = Query::default().with(FIELDS.0, FIELDS.1);
        Ok(self.session.get_one(&["buildUploadFiles", id], query).await?.data)
    }

    /// Reserves a file, once. The answer says which bytes go where.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may be reserved now; list the files of the upload.
    pub async fn create(&self, new: &NewBuildUploadFile) -> Result<BuildUploadFile, Error> {
        let document = json!({"data": {
            "type": "buildUploadFiles",
            "attributes": {
                "assetType": new.asset_type,
                "fileName": new.file_name,
                "fileSize": new.file_size,
                "uti": new.uti,
            },
            "relationships": {"buildUpload": {"data": {"type": "buildUploads", "id": new.build_upload}}},
        }});
        self.session.write(Method::POST, &["buildUploadFiles"], &document).await
    }

    /// Says that all pieces were sent. With `checksums` Apple compares.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may be committed; read the file, whose state says so.
    pub async fn commit(&self, id: &str, checksums: Option<&Checksums>) -> Result<BuildUploadFile, Error> {
        let mut attributes = json!({"uploaded": true});
        if let Some(checksums) = checksums {
            attributes["sourceFileChecksums"] = json!(checksums);
        }
        let document = json!({"data": {"type": "buildUploadFiles", "id": id, "attributes": attributes}});
        self.session.write(Method::PATCH, &["buildUploadFiles", id], &document).await
    }
}
