//! The files of a build upload: reserved with their size, sent in parts, committed with `uploaded`.

use super::{Act, build_uploads};
use crate::api::Kind;
use crate::deliveries::{Binary, Checksum, Expected, Processing, inspect};
use crate::entity::Entity;
use crate::refusal::Refusal;
use serde_json::{Value, json};

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let upload = act.related(entity, "buildUpload", Kind::BuildUploads)?;
    let is_open = build_uploads::is_in(act.team.get(Kind::BuildUploads, &upload), "AWAITING_UPLOAD");
    if !is_open {
        return Err(Refusal::state(format!("The build upload '{upload}' takes no more files.")));
    }
    let role = match entity.text("assetType") {
        "ASSET" => "assetFile",
        "ASSET_DESCRIPTION" => "assetDescriptionFile",
        _ => "assetSpiFile",
    };
    let is_taken = act
        .team
        .get(Kind::BuildUploads, &upload)
        .is_some_and(|upload| !upload.linked(role).is_empty());
    if is_taken {
        return Err(Refusal::relationship_invalid(
            "buildUpload",
            format!("The build upload '{upload}' has a file of this type already."),
        ));
    }
    let size = entity.attributes.get("fileSize").and_then(Value::as_u64).filter(|size| *size > 0);
    let size = size.ok_or_else(|| Refusal::attribute_invalid("fileSize", "The attribute 'fileSize' is invalid: it is below 1"))?;

    let (settings, entropy) = (&act.team.deliveries.settings, &mut *act.entropy);
    let expires = build_uploads::due(act.now, settings.part_url_seconds);
    let binary = Binary::reserve(size, settings.part_size, expires, || hex::encode(entropy.bytes::<16>())).map_err(|error| {
        tracing::error!(%error, "no temporary file could be made");
        Refusal::unexpected()
    })?;
    let id = act.entropy.uuid();
    let mut file = act.object(Kind::BuildUploadFiles, id.clone());
    for name in ["assetType", "fileName", "fileSize", "uti"] {
        file.set(name, entity.attributes.get(name).cloned().unwrap_or_default());
    }
    file.set("assetToken", hex::encode(act.entropy.bytes::<32>()));
    file.set("assetDeliveryState", delivery("AWAITING_UPLOAD"));
    file.set("sourceFileChecksums", Value::Null);
    file.set("uploadOperations", binary.operations(&act.team.deliveries.origin));
    file.link("buildUpload", vec![upload.clone()]);
    act.team.deliveries.binaries.insert(id.clone(), binary);
    act.team.add(file);
    if let Some(upload) = act.team.get_mut(Kind::BuildUploads, &upload) {
        upload.link(role, vec![id.clone()]);
    }
    Ok(id)
}

/// `uploaded` commits: what was not sent then is missing for good, and Apple finds it while processing.
pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    let is_open = act.team.deliveries.binaries.contains_key(id)
        && act
            .team
            .get(Kind::BuildUploadFiles, id)
            .is_some_and(|file| file.attributes["assetDeliveryState"]["state"] == "AWAITING_UPLOAD");
    if !is_open {
        return Err(Refusal::state(format!("The file '{id}' has been committed already.")));
    }
    let checksums = entity.attributes.get("sourceFileChecksums").filter(|given| !given.is_null());
    let commits = entity.attributes.get("uploaded") == Some(&Value::Bool(true));
    let Some(file) = act.team.get_mut(Kind::BuildUploadFiles, id) else {
        return Ok(());
    };
    if let Some(checksums) = checksums {
        file.set("sourceFileChecksums", checksums.clone());
    }
    if commits {
        file.set("uploadOperations", Value::Null);
        file.set("assetDeliveryState", delivery("UPLOAD_COMPLETE"));
        if file.text("assetType") == "ASSET" {
            process(act, id);
        } else {
            file.set("assetDeliveryState", delivery("COMPLETE"));
            act.team.deliveries.binaries.remove(id);
        }
    }
    Ok(())
}

fn process(act: &mut Act<'_>, id: &str) {
    let Some(file) = act.team.get(Kind::BuildUploadFiles, id) else {
        return;
    };
    let upload = file.linked("buildUpload").to_owned();
    let (Some(reserved), Some(binary)) = (act.team.get(Kind::BuildUploads, &upload), act.team.deliveries.binaries.get(id)) else {
        return;
    };
    let app = act.team.get(Kind::Apps, reserved.linked("app"));
    let checksum = &file.attributes["sourceFileChecksums"]["file"];
    let expected = Expected {
        missing: binary.missing(),
        checksum: checksum["hash"].as_str().map(|hash| Checksum {
            algorithm: checksum["algorithm"].as_str().unwrap_or("MD5").to_owned(),
            hash: hash.to_owned(),
        }),
        is_ipa: file.text("uti") == "com.apple.ipa",
        bundle_id: app.map_or("", |app| app.text("bundleId")).to_owned(),
        version: reserved.text("cfBundleShortVersionString").to_owned(),
        build: reserved.text("cfBundleVersion").to_owned(),
    };
    let reader = binary.reader();
    let processing = Processing {
        upload: upload.clone(),
        file: id.to_owned(),
        due: build_uploads::due(act.now, act.team.deliveries.settings.processing_seconds),
        issues: act.team.deliveries.next_issues(),
        inspection: std::thread::spawn(move || inspect(reader, &expected)),
    };
    build_uploads::take(act, &upload, processing);
}

fn delivery(state: &str) -> Value {
    json!({ "errors": [], "warnings": [], "state": state })
}
